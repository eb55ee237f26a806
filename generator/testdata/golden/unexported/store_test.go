package main

import (
	"context"
	"testing"
)

//resil:retry 2
type fake interface {
	Get(ctx context.Context, t *testing.T) error
}
