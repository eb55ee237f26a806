package use

import (
	"context"
	"log"
)

//resil:retry 3
type Store interface {
	Get(ctx context.Context, id int) error
	Close() error
}

//resil:retry 3
type Cache[K comparable, V any] interface {
	Get(ctx context.Context, key K) (V, error)
}

type disk struct{}

func (*disk) Get(ctx context.Context, id int) error  { return nil }
func (*disk) Sync(ctx context.Context, id int) error { return nil }
func (*disk) Close() error                           { return nil }

type memory[V any] struct{}

func (*memory[V]) Get(ctx context.Context, key string) (v V, err error) { return v, nil }

func notKept(raw Store) error {
	NewResilientStore(raw)                               // want `the wrapper that NewResilientStore returns is not kept, .* \[RG062\]`
	_, err := NewResilientStore(raw)                     // want `the wrapper that NewResilientStore returns is not kept`
	var _, other = NewResilientStore(raw)                // want `the wrapper that NewResilientStore returns is not kept`
	defer NewResilientCache[string, int](&memory[int]{}) // want `the wrapper that NewResilientCache returns is not kept`
	if other != nil {
		return other
	}
	return err
}

var _, failed = NewResilientStore(&disk{}) // want `the wrapper that NewResilientStore returns is not kept`

func bypassed(ctx context.Context) error {
	raw := &disk{}
	if err := raw.Get(ctx, 0); err != nil { // there is no wrapper yet
		return err
	}
	store, err := NewResilientStore(raw)
	if err != nil {
		return raw.Get(ctx, 1) // there is no wrapper
	}
	defer raw.Close() // Close is not guarded
	go func() {
		raw.Get(ctx, 2) // want `raw.Get bypasses the wrapper of raw; call store.Get \[RG063\]`
	}()
	if err := raw.Sync(ctx, 3); err != nil { // the wrapper has no such method
		return err
	}
	if err := store.Get(ctx, 4); err != nil {
		return (raw).Get(ctx, 5) // want `\(raw\).Get bypasses the wrapper of \(raw\); call store.Get`
	}
	get := raw.Get // want `raw.Get bypasses the wrapper`
	get(ctx, 6)
	raw = &disk{}
	return raw.Get(ctx, 7)
}

func same(ctx context.Context, store Store, other bool) (err error) {
	if other {
		store, err = NewResilientStore(store)
	} else {
		err = store.Get(ctx, 1)
	}
	if err != nil {
		return err
	}
	return store.Get(ctx, 2)
}

func replaced(ctx context.Context, store Store) (err error) {
	store, err = NewResilientStore(store)
	if err != nil {
		return err
	}
	return store.Get(ctx, 1)
}

func shadowed(ctx context.Context, store Store) error {
	{
		store, err := NewResilientStore(store)
		if err != nil {
			return err
		}
		store.Get(ctx, 1)
	}
	return store.Get(ctx, 2)
}

type server struct{ raw, store Store }

func (s *server) start(ctx context.Context, other *server) (err error) {
	s.store, err = NewResilientStore(s.raw)
	switch {
	case err != nil:
		return s.raw.Get(ctx, 1)
	}
	other.raw.Get(ctx, 2)
	return s.raw.Get(ctx, 3) // want `s.raw.Get bypasses the wrapper of s.raw; call s.store.Get`
}

func scoped(ctx context.Context, raw disk) {
	if store, err := NewResilientStore(Store(&raw)); err != nil {
		log.Print(err)
	} else {
		raw.Get(ctx, 0) // reached by a condition on err
		store.Get(ctx, 1)
	}
	raw.Get(ctx, 2)
}

func generic(ctx context.Context) {
	raw := new(memory[int])
	var cache, err = NewResilientCache(Cache[string, int](raw))
	if err != nil {
		log.Fatal(err)
	}
	{
		cache := 0 // hides the wrapper
		_ = cache
		raw.Get(ctx, "0") // want `raw.Get bypasses the wrapper of raw; call cache.Get`
	}
	cache.Get(ctx, "1")
}

func fromRange(ctx context.Context, raw *disk, others []*disk) {
	store, err := NewResilientStore(raw)
	if err != nil {
		return
	}
	for _, raw = range others {
		raw.Get(ctx, 0) // another value
	}
	store.Get(ctx, 1)
}

func again(ctx context.Context, raw, other *disk) {
	store, err := NewResilientStore(raw)
	if err != nil {
		return
	}
	store.Get(ctx, 0)
	store, err = NewResilientStore(other)
	raw.Get(ctx, 1) // store does not wrap it any more
	log.Print(err)
}

func without(ctx context.Context, raw *disk) error {
	store, err := NewResilientStore(raw)
	if err != nil {
		log.Print(err)
	}
	if store == nil {
		return raw.Get(ctx, 0) // there is no wrapper
	}
	return store.Get(ctx, 1)
}

func switched(ctx context.Context, raw *disk) {
	store, err := NewResilientStore(raw)
	switch err {
	case nil:
		store.Get(ctx, 0)
	default:
		raw.Get(ctx, 1) // there is no wrapper
	}
	switch {
	case err == nil:
		store.Get(ctx, 2)
	default:
		raw.Get(ctx, 3) // there is no wrapper
	}
	if ok := err == nil; !ok {
		raw.Get(ctx, 4) // there is no wrapper
	}
}

func twice(ctx context.Context, raw *disk) {
	one, _ := NewResilientStore(raw)
	two, _ := NewResilientStore(raw)
	raw.Get(ctx, 0) // want `raw.Get bypasses the wrapper of raw; call one.Get`
	two.Get(ctx, 1)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func passedOn(ctx context.Context, raw *disk) {
	raw.Get(ctx, 0)
	store := must(NewResilientStore(raw))
	raw.Get(ctx, 1) // want `raw.Get bypasses the wrapper of raw; call store.Get`
	store.Get(ctx, 2)
	must(NewResilientStore(raw)).Get(ctx, 3)
	must(NewResilientStore(raw)) // must may keep the wrapper
}
