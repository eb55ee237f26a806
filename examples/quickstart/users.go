package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

// UserClient is what this program needs of the user service.
//
//resil:timeout 2s attempt=500ms
//resil:retry 3 initial=20ms
//resil:breaker open=1s
//resil:classify byStatus app=ErrNotFound
type UserClient interface {
	GetUser(ctx context.Context, id int) (*User, error)

	//resil:limit 60/m burst=10
	ListUsers(ctx context.Context) ([]User, error)

	// CreateUser is not repeated: a second call could create a second user.
	//
	//resil:retry off
	CreateUser(ctx context.Context, name string) (*User, error)

	Close() error
}

// User is one user of the service.
type User struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// ErrNotFound means that the service works and has no such user.
var ErrNotFound = errors.New("no such user")

// StatusError is a response of the service that is neither a user nor a 404.
type StatusError struct{ Code int }

func (e *StatusError) Error() string {
	return fmt.Sprintf("the user service answered %d %s", e.Code, http.StatusText(e.Code))
}

// byStatus classifies responses by their status. It leaves other errors to resil.
func byStatus(err error) resil.Class {
	var status *StatusError
	switch {
	case !errors.As(err, &status):
		return resil.Undecided
	case status.Code == http.StatusTooManyRequests:
		return resil.Throttled
	case status.Code >= 500:
		return resil.Infrastructure
	}
	return resil.Application
}
