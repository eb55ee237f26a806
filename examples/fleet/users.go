package main

import (
	"context"
	"errors"
	"sync/atomic"
)

//go:generate go tool resilgen

// Users is a service that takes 100 calls a second of all its callers together.
//
//resil:limit 100/s scope=fleet
//resil:breaker scope=fleet consecutive=5 open=5s
//resil:classify all
type Users interface {
	Name(ctx context.Context, id int) (string, error)
}

// users is the service. It fails for a process while sick is set.
type users struct{ sick atomic.Bool }

func (u *users) Name(context.Context, int) (string, error) {
	if u.sick.Load() {
		return "", errors.New("the service cannot be reached from here")
	}
	return "Ada", nil
}
