package resiltest

import (
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// ForceOpen forces the named circuit breaker of wrapper open, so that it refuses every call
// until the test ends. Then it is reset: it is closed and has seen nothing. wrapper is a
// generated wrapper or a [resil.Client]. A breaker that is kept by key needs the key.
//
// ForceOpen ends the test at once if there is no such breaker, so it must be called on the
// test's goroutine.
func ForceOpen(t testing.TB, wrapper any, breaker string, key ...any) {
	t.Helper()
	b := breakerOf(t, wrapper, breaker, key)
	b.ForceOpen()
	t.Cleanup(b.Reset)
}

// ForceClose forces the named circuit breaker closed, so that it lets every call pass and
// counts none, until the test ends. Otherwise it is like [ForceOpen].
func ForceClose(t testing.TB, wrapper any, breaker string, key ...any) {
	t.Helper()
	b := breakerOf(t, wrapper, breaker, key)
	b.ForceClose()
	t.Cleanup(b.Reset)
}

// clientOf returns the client of a wrapper, or a client itself.
func clientOf(t testing.TB, wrapper any) *resil.Client {
	t.Helper()
	c, ok := wrapper.(*resil.Client)
	if !ok {
		c = resil.ClientOf(wrapper)
	}
	if c == nil {
		t.Fatalf("resiltest: %T is no generated wrapper with a client; hand over what a constructor returned", wrapper)
	}
	return c
}

func breakerOf(t testing.TB, wrapper any, name string, key []any) *resil.CircuitBreaker {
	t.Helper()
	c := clientOf(t, wrapper)
	var names []string
	for _, b := range c.Stats().Breakers {
		names = append(names, b.Name)
		switch {
		case b.Name != name:
		case b.Keyed && len(key) != 1:
			t.Fatalf("resiltest: breaker %s of %s is kept by key, and %d keys are given; give one", name, c.Name(), len(key))
		case !b.Keyed && len(key) > 0:
			t.Fatalf("resiltest: breaker %s of %s is not kept by key; leave the key out", name, c.Name())
		case b.Keyed:
			return c.Breaker(name).For(key[0])
		default:
			return c.Breaker(name)
		}
	}
	t.Fatalf("resiltest: client %s has no breaker %q; it has %q", c.Name(), name, names)
	return nil
}
