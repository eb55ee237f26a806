// Package owned has retries of methods whose results must be closed.
package owned

import (
	"context"
	"io"
	"net/http"
	"os"
)

//resil:retry 2
//resil:idempotent
type Owned interface {
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	Fetch(ctx context.Context, url string) (resp *http.Response, err error)
	Pipe(ctx context.Context) (r, w *os.File, err error)
	//resil:retry off
	//resil:breaker
	Once(ctx context.Context) (io.ReadCloser, error)
	//resil:fallback
	Either(ctx context.Context) (*http.Response, error)
}

//resil:retry 2
//resil:idempotent
type Generic[T io.Closer] interface {
	Open(ctx context.Context) (T, error)
}
