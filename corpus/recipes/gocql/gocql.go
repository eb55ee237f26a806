// Package gocql guards what is done through gocql.
package gocql

import (
	"context"

	"github.com/gocql/gocql"
)

//go:generate resilgen

// Users is written by hand: the methods of *gocql.Query take no context.
//
//resil:timeout 5s attempt=2s
//resil:retry 3
//resil:retry on=unsent methods=SaveUser
//resil:breaker
type Users interface {
	GetUser(ctx context.Context, id gocql.UUID) (name string, err error)
	SaveUser(ctx context.Context, id gocql.UUID, name string) error
}
