// Package classified says what errors and results mean.
package classified

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	resil "github.com/resilgen/resilgen/runtime"
)

var ErrNotFound = errors.New("not found")

var errBusy = errors.New("busy")

type ValidationError struct{ Field string }

func (*ValidationError) Error() string { return "invalid" }

type Code int

func (Code) Error() string { return "code" }

const Gone Code = 410

// A Temporary error says so.
type Temporary interface{ Temporary() bool }

// Store has one list for all its methods.
//
//resil:retry 3
//resil:classify all app=ErrNotFound,*ValidationError,sql.ErrNoRows,Gone,Code infra=io.EOF,*net.OpError,Temporary system=syscall.EACCES throttled=errBusy
type Store interface {
	Get(ctx context.Context, id string) (string, error)
	Put(ctx context.Context, id, value string) error
	//resil:classify app=ErrNotFound infra=github.com/resilgen/resilgen/runtime.ErrOpen
	//resil:idempotent
	Own(ctx context.Context) error
}

// Listed has lists of its own for some methods, and names that are taken.
//
//resil:breaker
//resil:classify app=io.EOF
type Listed interface {
	Get(ctx context.Context) error
	List(ctx context.Context) error
	//resil:classify app=errBusy infra=net/http.ErrServerClosed
	Mine(ctx context.Context) error
}

func classifyListed() {}

type Response struct{ Status int }

func status(r *Response, err error) resil.Class {
	if err == nil && r.Status >= 500 {
		return resil.Infrastructure
	}
	return resil.Undecided
}

func byError(err error) resil.Class { return resil.Undecided }

func page(ids []string, next string, err error) resil.Class { return resil.Undecided }

func opened(r io.ReadCloser, err error) resil.Class { return resil.Undecided }

func fetched(r *http.Response, err error) resil.Class { return resil.Undecided }

func fallen(ctx context.Context, cause error) (*Response, error) { return nil, cause }

func nextPage(ctx context.Context, from string, cause error) ([]string, string, error) {
	return nil, "", cause
}

// Classified has results that say how it went.
type Classified interface {
	//resil:retry 3
	//resil:classify status
	Get(ctx context.Context) (*Response, error)
	//resil:retry 3
	//resil:classify byError,status,all app=ErrNotFound
	Mixed(ctx context.Context) (response *Response, err error)
	//resil:retry 3
	//resil:classify page
	List(ctx context.Context, from string) (ids []string, next string, err error)
	//resil:retry 3
	//resil:classify opened app=ErrNotFound
	Open(ctx context.Context) (io.ReadCloser, error)
	//resil:retry 3
	//resil:classify fetched
	//resil:fallback
	Fetch(ctx context.Context) (*http.Response, error)
	//resil:breaker per=status
	//resil:classify status
	//resil:fallback fallen2
	Keyed(ctx context.Context, status string) (*Response, error)
	//resil:hedge 50ms
	//resil:idempotent
	//resil:classify status
	//resil:fallback fallen
	Hedged(ctx context.Context) (*Response, error)
	//resil:hedge 50ms
	//resil:idempotent
	//resil:classify page
	//resil:fallback nextPage
	Pages(ctx context.Context, from string) (ids []string, next string, err error)
	//resil:breaker
	//resil:classify status
	Plain(ctx context.Context) (*Response, error)
}

func fallen2(ctx context.Context, status string, cause error) (*Response, error) { return nil, cause }

func found[K comparable, V any](value V, ok bool, err error) resil.Class { return resil.Undecided }

// Generic is classified by a generic function.
type Generic[K comparable, V any] interface {
	//resil:retry 3
	//resil:classify found
	Get(ctx context.Context, key K) (V, bool, error)
	//resil:retry 3
	//resil:classify found app=ErrNotFound
	Listed(ctx context.Context, key K) (V, bool, error)
}

var (
	_ sql.DB
	_ net.Error
	_ syscall.Errno
)
