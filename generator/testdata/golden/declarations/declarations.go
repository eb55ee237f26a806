// Package declarations has interfaces declared in every way there is.
package declarations

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	. "os"
)

// Unguarded has nothing that takes a context.
//
//resil:wrap
type Unguarded interface {
	Close() error
	Len() int
}

// Parenthesised is an interface all the same.
//
//resil:breaker
type Parenthesised (interface {
	//resil:retry 2
	Get(ctx context.Context) error
	Unguarded
})

//resil:wrap
type Failure error

//resil:breaker
type Predeclared interface {
	error
	any
	Get(ctx context.Context) (int, error)
}

type (
	handler     = http.Handler
	doer[T any] = interface {
		Do(ctx context.Context, t T) (T, error)
	}
	secret       interface{ open() }
	readSecret   = interface{ secret }
	namedStringy interface {
		fmt.Stringer
		readSecret
	}
)

//resil:breaker
type Literals interface {
	interface {
		Put(ctx context.Context) error
	}
	interface {
		io.Reader
		namedStringy
	}
	handler
	doer[FileInfo]
	Stat(ctx context.Context, f FileMode) (fs.FileMode, error)
}

//resil:timeout 1s
type Overlapping interface {
	io.ReadCloser
	io.WriteCloser
	io.ReadWriteSeeker
	Get(ctx context.Context) error
}

// Aliases are as good as what they stand for.
//
//resil:breaker
type (
	Alias = interface {
		//resil:retry 2
		Get(ctx context.Context) error
	}
)

//resil:breaker
type AliasOfAnother = doer[string]

//resil:breaker
type GenericAlias[K comparable, T any] = interface {
	doer[map[K]T]
	handler
}

//resil:breaker
type AliasOfGeneric[T any] = doer[[]T]
