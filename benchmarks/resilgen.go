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
	get    *resilgen.Method
}

func newResilientStore(next store, spec resilgen.Spec, opts ...resilgen.Option) *resilientStore {
	client, err := resilgen.New(spec, opts...)
	if err != nil {
		panic(err)
	}
	return &resilientStore{next: next, client: client, get: client.Method("Get")}
}

func (c *resilientStore) Get(ctx context.Context, id string) (int, error) {
	return resilgen.Call(ctx, c.get, func(ctx context.Context) (int, error) {
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
	get    *resilgen.KeyedMethod[string]
}

func newKeyedStore(next store, spec resilgen.Spec) *keyedStore {
	client, err := resilgen.New(spec)
	if err != nil {
		panic(err)
	}
	return &keyedStore{next: next, client: client, get: resilgen.MethodByKey[string](client, "Get")}
}

func (c *keyedStore) Get(ctx context.Context, id string) (int, error) {
	return resilgen.Call(ctx, c.get.For(id), func(ctx context.Context) (int, error) {
		return c.next.Get(ctx, id)
	})
}

// spec returns the spec of a stack.
func spec(s stack) resilgen.Spec {
	method := resilgen.MethodSpec{Name: "Get"}
	method.Timeout.Attempt = s.timeout
	spec := resilgen.Spec{Name: "Store"}
	if s.retry {
		method.Retry = resilgen.Retry{
			Attempts: attempts,
			Backoff:  resilgen.Exponential,
			Initial:  initialDelay,
			Max:      maxDelay,
			Factor:   2,
			Jitter:   resilgen.FullJitter,
			On:       []resilgen.Class{resilgen.Infrastructure, resilgen.Throttled},
			Budget:   20 * resilgen.Percent,
		}
	}
	if s.breaker {
		method.Breaker = "Store"
		breaker := resilgen.Breaker{
			Consecutive: consecutive,
			Ratio:       50 * resilgen.Percent,
			Min:         minimum,
			Window:      window,
			Open:        openTime,
			Probes:      probes,
		}
		if s.keys > 0 {
			breaker.Scope = resilgen.Scope{Per: "id", Keys: s.keys}
		}
		spec.Breakers = map[string]resilgen.Breaker{"Store": breaker}
	}
	if s.limit > 0 {
		method.Limit = "Store"
		spec.Limits = map[string]resilgen.Limit{"Store": {Rate: resilgen.Rate{Count: s.limit, Per: time.Second}}}
	}
	if s.bulkhead > 0 {
		method.Bulkhead = "Store"
		spec.Bulkheads = map[string]resilgen.Bulkhead{"Store": {Calls: s.bulkhead}}
	}
	spec.Methods = []resilgen.MethodSpec{method}
	return spec
}
