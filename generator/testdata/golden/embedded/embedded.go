// Package embedded has methods that come from elsewhere.
package embedded

import (
	"context"
	"database/sql/driver"
	"go/types"
	"io"
	"net/http"
)

type Reader interface {
	Get(ctx context.Context, id string) (string, error)
	Find(ctx context.Context, id string) (string, error)
}

type Writer interface {
	Put(ctx context.Context, id string) error
	Get(ctx context.Context, id string) (string, error)
}

// Store embeds local interfaces, others' and one twice.
type Store interface {
	//resil:retry 5
	Reader
	Writer
	io.Closer
	http.RoundTripper
}

// Conn is all somebody else's.
//
//resil:timeout 1s methods=Ping
type Conn interface {
	driver.Pinger
	driver.Validator
}

// Object cannot be written down: types.Object has unexported methods.
//
//resil:timeout 1s
type Object interface {
	types.Object
	Load(ctx context.Context) (int, error)
}

// Parent must be embedded too, and has a method of its own name.
//
//resil:timeout 1s
type Parent interface {
	Object
	embeddedParent(ctx context.Context) (int, error)
}

// Name is the same with type parameters.
//
//resil:timeout 1s
type Name[K comparable, V any] interface {
	types.Object
	Load(ctx context.Context, key K) (V, error)
}

// Defined has no elements of its own.
//
//resil:breaker
type Defined Writer
