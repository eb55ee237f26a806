// Package signatures has parameters and results of every shape.
package signatures

import (
	"context"
	"io"
	. "net/url"
	"time"
	"unsafe"
)

// Shapes is refused nothing.
//
//resil:breaker
type Shapes interface {
	None(context.Context) error
	Blank(_ context.Context, _ string, _ int) error
	Unnamed(context.Context, string, ...int) (int, error)
	Many(ctx context.Context) (a, b int, s string, failure error)
	ManyUnnamed(context.Context) (int, int, error)
	BlankResults(ctx context.Context) (_ int, _ string, _ error)
	ResultsOnly(ctx context.Context, err string) (n int, ctx2 string, e error)
	Late(id string, ctx context.Context) error
	Two(a, b context.Context) error
	Variadic(ctx context.Context, format string, args ...any) (string, error)
	Chans(ctx context.Context, a chan (<-chan int), b <-chan (chan<- int), c chan<- chan int) error
	Funcs(ctx context.Context, f func(int, ...string) (int, error), g func() func()) (func(context.Context) error, error)
	Anonymous(ctx context.Context, s struct {
		A int `json:"a"`
		*time.Time
	}, i interface {
		io.Reader
		Name() string
	}) (struct{}, error)
	Deep(ctx context.Context, m map[[2]string][]*map[string]**int) (map[struct{ X int }]any, error)
	Pointer(ctx context.Context, p unsafe.Pointer) (unsafe.Pointer, error)
	Dotted(ctx context.Context, u *URL) (Values, error)
	Bytes(ctx context.Context, b []byte, r rune, u uintptr) ([]byte, error)
	Long(ctx context.Context, one, two, three string, four, five, six int) (string, error)
	internal(ctx context.Context, a alias) (alias, error)
}

type alias = map[string]time.Duration

// Plain methods have no context or no error.
//
//resil:breaker methods=Flush,Pair
//resil:limit 10/60s methods=Flush
type Plain interface {
	Flush() error
	Close() error
	Len() int
	Pair() (int, error)
	Reset()
	Log(string, ...any)
}
