package profiled

import (
	"context"
	"errors"
	"io"
)

var ErrGone = errors.New("gone")

//resil:use internal
//resil:retry jitter=none
type Rack interface {
	Get(ctx context.Context, peer string) (string, error)
	//resil:retry 4
	Open(ctx context.Context, peer string) (io.ReadCloser, error)
}

type Mixed interface {
	//resil:use public
	Search(ctx context.Context, query string) ([]string, error)
	//resil:use internal
	//resil:breaker per=name
	Lookup(ctx context.Context, name string) error
	//resil:use public
	//resil:allow RG032 "the server deduplicates"
	Create(ctx context.Context, name string) error
}
