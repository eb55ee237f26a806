package resiltest_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resilgen/resilgen/resiltest"
	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

// names is what the code under test needs of a service.
//
//resil:timeout 2s attempt=500ms
//resil:retry 3 jitter=none
//resil:breaker
type names interface {
	GetName(ctx context.Context, id int) (string, error)
}

// fake stands for the service's client.
type fake struct{ get *resiltest.Script[string] }

func (f *fake) GetName(ctx context.Context, _ int) (string, error) { return f.get.Next(ctx) }

// greeting is the code under test.
func greeting(ctx context.Context, n names, id int) string {
	name, err := n.GetName(ctx, id)
	if err != nil {
		return "Hello!"
	}
	return "Hello, " + name + "!"
}

// In a bubble of testing/synctest, 800ms of timeouts and pauses pass at once, and exactly.
func testGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		get := resiltest.NewScript[string](t).
			Fail(io.ErrUnexpectedEOF).
			Hang().
			OK("Ada")
		rec := resiltest.NewRecorder(t)
		wrapper := resil.Must(newResilientNames(&fake{get}, rec.Option()))

		start := time.Now()
		if got := greeting(t.Context(), wrapper, 1); got != "Hello, Ada!" {
			t.Errorf("the greeting is %q", got)
		}
		if took := time.Since(start); took != 800*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		rec.Want(
			"attempt 1 infrastructure",
			"pause 100ms",
			"attempt 2 infrastructure", // its timeout
			"pause 200ms",
			"attempt 3 success",
			"call succeeded",
		)
	})
}

// The breaker is forced open, and closed again when the test ends.
func testGreetingWhileOpen(t *testing.T) {
	rec := resiltest.NewRecorder(t)
	get := resiltest.NewScript[string](t) // no step: nothing may reach the service
	wrapper := resil.Must(newResilientNames(&fake{get}, rec.Option()))
	resiltest.ForceOpen(t, wrapper, "names")

	if got := greeting(t.Context(), wrapper, 1); got != "Hello!" {
		t.Errorf("the greeting is %q", got)
	}
	rec.Want("attempt 1 refused by breaker names", "call open")
	rec.WantChanges(wrapper, "breaker names forced-open")
}

func Example() {
	// In your test file, testGreeting and testGreetingWhileOpen begin with Test.
}
