package main

import (
	"context"
	"time"

	resilgen "github.com/resilgen/resilgen/runtime"
)

// A resilientStore has the form of a generated wrapper. Only its spec depends on the
// stack.
type resilientStore struct {
	next   store
	client *resilgen.Client
	get    resilgen.Method
}

func newResilientStore(next store, spec resilgen.Spec, opts ...resilgen.Option) *resilientStore {
	c := &resilientStore{next: next}
	spec.Methods[0].Method = &c.get
	c.client = resilgen.Must(resilgen.New(spec, opts...))
	return c
}

func (c *resilientStore) Get(ctx context.Context, id string) (int, error) {
	return resilgen.Call(ctx, &c.get, func(ctx context.Context) (int, error) {
		return c.next.Get(ctx, id)
	})
}

func generated(s stack, next store) get {
	if s.keys > 0 {
		return newKeyedStore(next, spec(s)).Get
	}
	return newResilientStore(next, spec(s)).Get
}

// A keyedStore is a resilientStore with a breaker for each id.
type keyedStore struct {
	next   store
	client *resilgen.Client
	get    resilgen.KeyedMethod[string]
}

func newKeyedStore(next store, spec resilgen.Spec) *keyedStore {
	c := &keyedStore{next: next}
	spec.Methods[0].Method = &c.get
	c.client = resilgen.Must(resilgen.New(spec))
	return c
}

func (c *keyedStore) Get(ctx context.Context, id string) (int, error) {
	return resilgen.Call(ctx, c.get.For(id), func(ctx context.Context) (int, error) {
		return c.next.Get(ctx, id)
	})
}

// spec returns the spec of a stack.
func spec(s stack) resilgen.Spec {
	var p resilgen.Policies
	if s.timeout > 0 {
		p.Timeout = &resilgen.Timeout{Attempt: s.timeout}
	}
	if s.retry {
		p.Retry = &resilgen.Retry{
			Attempts: attempts,
			Backoff:  resilgen.BackoffExponential,
			Initial:  initialDelay,
			Max:      maxDelay,
			Factor:   2,
			Jitter:   resilgen.JitterFull,
			On:       []resilgen.Class{resilgen.Infrastructure, resilgen.Throttled},
			Budget:   20 * resilgen.Percent,
		}
	}
	if s.breaker {
		p.Breaker = &resilgen.Breaker{
			Name:        "Store",
			Consecutive: consecutive,
			Ratio:       50 * resilgen.Percent,
			Min:         minimum,
			Window:      window,
			Open:        openTime,
			Probes:      probes,
		}
		if s.keys > 0 {
			p.Breaker.Scope = resilgen.Scope{Per: "id", Keys: s.keys}
		}
	}
	if s.limit > 0 {
		p.Limit = &resilgen.Limit{Name: "Store", Rate: resilgen.Rate{Count: s.limit, Per: time.Second}}
	}
	if s.bulkhead > 0 {
		p.Bulkhead = &resilgen.Bulkhead{Name: "Store", Calls: s.bulkhead}
	}
	return resilgen.Spec{Name: "Store", Methods: []resilgen.MethodSpec{{Name: "Get", Policies: p}}}
}
