package main

import (
	"context"
	"io"
	"sync/atomic"
)

//go:generate go tool resilgen

// Orders is what this program needs of the order service.
//
//resil:limit 10/s
//resil:breaker consecutive=3 open=30s
type Orders interface {
	Find(ctx context.Context, id int) (string, error)
}

// A service stands for the order service.
type service struct{ down atomic.Bool }

func (s *service) Find(context.Context, int) (string, error) {
	if s.down.Load() {
		return "", io.ErrUnexpectedEOF // the answer was cut
	}
	return "an order", nil
}
