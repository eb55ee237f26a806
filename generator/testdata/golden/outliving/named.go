package outliving

import (
	c "context"
	"io"
)

type heldRows struct{}

// Named has names that generated code must avoid, and results that another file of the
// package has too.
//
//resil:timeout 2s
type Named interface {
	Query(_ c.Context, holdRows2 int, resil, err string) (result Rows, e error)
	Other(c.Context, string) (body io.ReadCloser, ctx Rows, err error)
	Both(ctx c.Context) (r, w io.ReadWriteCloser, err error)
	Held(hold c.Context) (h Rows, next error)
}

var _ = heldRows{}
