// Package released has hedges of methods whose results must be closed if another attempt
// wins.
package released

import (
	"context"
	"io"
	"net/http"
	"os"
)

//resil:hedge 1s
//resil:idempotent
type Released interface {
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	Fetch(ctx context.Context, url string) (resp *http.Response, err error)
	Pipe(ctx context.Context) (r, w *os.File, err error)
	//resil:fallback
	Either(ctx context.Context) (*http.Response, error)
}
