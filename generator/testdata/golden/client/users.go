// Package client is the ordinary case.
package client

import (
	"context"
	"errors"
	"io"

	resil "github.com/resilgen/resilgen/runtime"
)

var ErrNotFound = errors.New("not found")

type User struct{ ID string }

func classify(err error) resil.Class {
	if errors.Is(err, ErrNotFound) {
		return resil.Application
	}
	return resil.Undecided
}

// UserClient talks to the user service.
//
//resil:timeout 2s
//resil:retry 3
//resil:breaker
//resil:classify classify,all
type UserClient interface {
	GetUser(ctx context.Context, id string) (*User, error)
	ListUsers(ctx context.Context, after string) (users []*User, next string, err error)
	//resil:retry off
	CreateUser(ctx context.Context, u *User) error
	//resil:timeout attempt=500ms
	//resil:limit 100/s burst=5 wait=1s
	Ping(ctx context.Context) error
	//resil:skip
	Watch(ctx context.Context) (<-chan *User, error)
	io.Closer
	String() string
}
