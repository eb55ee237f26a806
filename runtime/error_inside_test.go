package resil

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

// A command is like those of go-redis.
type command struct {
	value string
	err   error
}

func (c *command) Err() error       { return c.err }
func (c *command) SetErr(err error) { c.err = err }

// An incomparable is an error that must not be compared with ==.
type incomparable struct{ parts []string }

func (e incomparable) Error() string { return strings.Join(e.parts, " ") }

func TestErrorInsideTheResultFailsTheCall(t *testing.T) {
	down, absent := Infra(errors.New("down")), App(errors.New("absent"))
	for _, tt := range []struct {
		name    string
		results []*command // by attempt
		calls   int
		own     bool // the callee's last result comes back
		err     error
	}{
		{"success", []*command{{value: "a"}}, 1, true, nil},
		{"a nil result is a success", []*command{nil}, 1, true, nil},
		{"an answer is not repeated", []*command{{err: absent}}, 1, true, absent},
		{"a failure is repeated", []*command{{err: down}, {value: "b"}}, 2, true, nil},
		{"exhausted", []*command{{err: down}, {err: down}, {err: down}}, 3, false, ErrExhausted},
		{"an error that cannot be compared", []*command{{err: incomparable{}}}, 1, false, incomparable{}},
	} {
		for entry, call := range map[string]func(context.Context, *Method, func(context.Context) *command) *command{
			"CallSetErr": CallSetErr[command], "HedgedSetErr": HedgedSetErr[command],
		} {
			t.Run(tt.name+" "+entry, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, m := newMethod(t, withRetry(func(*Retry) {}))
					calls := 0
					got := call(t.Context(), m, func(context.Context) *command {
						calls++
						return tt.results[calls-1]
					})
					if calls != tt.calls {
						t.Errorf("%d calls, want %d", calls, tt.calls)
					}
					if own := got == tt.results[calls-1]; own != tt.own {
						t.Errorf("the callee's own result is %t, want %t", own, tt.own)
					}
					switch want := tt.err.(type) {
					case nil:
					case incomparable:
						if !errors.As(got.Err(), &want) {
							t.Errorf("error %v, want the callee's", got.Err())
						}
					default:
						if !errors.Is(got.Err(), want) {
							t.Errorf("error %v, want %v", got.Err(), want)
						}
					}
				})
			})
		}
	}
}

func TestRefusalIsAResultWithTheError(t *testing.T) {
	made := errors.New("made")
	c := newClient(t, fullSpec())
	m := c.Method("Get")
	c.Breaker("Store").ForceOpen()
	calls := 0
	f := func(context.Context) *command { calls++; return &command{} }
	if got := CallSetErr(t.Context(), m, f); !errors.Is(got.Err(), ErrOpen) {
		t.Errorf("error %v, want ErrOpen", got.Err())
	}
	if got := HedgedSetErr(t.Context(), m, f); !errors.Is(got.Err(), ErrOpen) {
		t.Errorf("hedged: error %v, want ErrOpen", got.Err())
	}
	got := CallErr(t.Context(), m, f, func(err error) *command { return &command{err: errors.Join(made, err)} })
	if !errors.Is(got.Err(), made) || !errors.Is(got.Err(), ErrOpen) {
		t.Errorf("error %v, want the made one around ErrOpen", got.Err())
	}
	if calls != 0 {
		t.Errorf("%d calls while the breaker was open", calls)
	}
}

func TestErrorInsideAllocatesNothing(t *testing.T) {
	m := newClient(t, fullSpec()).Method("Get")
	ctx, result := t.Context(), &command{}
	if n := testing.AllocsPerRun(100, func() {
		CallSetErr(ctx, m, func(context.Context) *command { return result })
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
