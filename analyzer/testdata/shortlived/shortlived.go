package shortlived

import (
	"context"
	"net/http"
	"sync"

	resil "github.com/resilgen/resilgen/runtime"
)

//resil:breaker
type Store interface {
	Get(ctx context.Context, id int) error
	Close() error
}

type (
	request  struct{ id int }
	response struct{ err error }
)

type server struct {
	next    Store
	kept    Store
	once    sync.Once
	tenants map[string]*ResilientStore
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	store, err := NewResilientStore(s.next) // want `NewResilientStore is called for each request, so that .*; call it once.* \[RG064\]`
	if err != nil || store == nil {
		return
	}
	defer store.Close()
	store.Get(r.Context(), 1)
}

func (s *server) Get(ctx context.Context, in *request) (*response, error) {
	store := resil.Must(NewResilientStore(s.next)) // want `NewResilientStore is called for each request`
	if err := store.Get(ctx, in.id); err != nil {
		return nil, err
	}
	var other *ResilientStore
	var err error
	if in.id > 0 {
		other, err = NewResilientStore(s.next) // want `NewResilientStore is called for each request`
		if err == nil {
			err = other.Get(ctx, in.id)
		}
	}
	return &response{err}, err
}

var handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	store, _ := NewResilientStore(nil) // want `NewResilientStore is called for each request`
	store.Get(r.Context(), 1)
})

func all(ctx context.Context, next Store, ids []int) error {
	for _, id := range ids {
		store, err := NewResilientStore(next) // want `NewResilientStore is called for each turn of this loop`
		if err != nil {
			return err
		}
		if err := store.Get(ctx, id); err != nil {
			return err
		}
	}
	for i := 0; i < 3; i++ {
		store := resil.Must(NewResilientStore(next)) // want `NewResilientStore is called for each turn of this loop`
		store.Get(ctx, i)
	}
	return nil
}

// What follows keeps the wrapper, or may.

func (s *server) lazily(w http.ResponseWriter, r *http.Request) {
	s.once.Do(func() {
		store, err := NewResilientStore(s.next)
		if err == nil {
			s.kept = store
		}
	})
	if s.kept == nil {
		s.kept, _ = NewResilientStore(s.next)
	}
	tenant := r.Header.Get("Tenant")
	if s.tenants[tenant] == nil {
		store, err := NewResilientStore(s.next)
		if err != nil {
			return
		}
		store.Get(r.Context(), 1)
		s.tenants[tenant] = store
	}
	passed, _ := NewResilientStore(s.next)
	keep(passed)
	shown, _ := NewResilientStore(s.next)
	shown.Get(r.Context(), 1)
	keep(shown.Resilience())
	method, _ := NewResilientStore(s.next)
	keep(method.Get)
	captured, _ := NewResilientStore(s.next)
	keep(func() { captured.Get(context.Background(), 1) })
	streamed, _ := NewResilientStore(s.next)
	for range 10 {
		streamed.Get(r.Context(), 1)
	}
}

func keep(any) {}

func (s *server) NewSession(ctx context.Context, in *request) (*response, error) {
	store, err := NewResilientStore(s.next)
	if err == nil {
		err = store.Get(ctx, in.id)
	}
	return nil, err
}

func (s *server) get(ctx context.Context, in *request) (*response, error) {
	store, err := NewResilientStore(s.next)
	if err == nil {
		err = store.Get(ctx, in.id)
	}
	return nil, err
}

func each(ctx context.Context, nexts []Store, dial func() Store) (stores []Store) {
	for _, next := range nexts {
		store, err := NewResilientStore(next)
		if err == nil {
			store.Get(ctx, 1)
		}
	}
	for range 3 {
		next := dial()
		store, _ := NewResilientStore(next)
		store.Get(ctx, 1)
		other, _ := NewResilientStore(dial())
		other.Get(ctx, 1)
	}
	var store *ResilientStore
	for range 3 {
		if store == nil {
			store, _ = NewResilientStore(nexts[0])
		}
		store.Get(ctx, 1)
		listed, _ := NewResilientStore(nexts[0])
		stores = append(stores, listed)
	}
	return stores
}

func newAll(ctx context.Context, next Store) {
	for range 3 {
		store, _ := NewResilientStore(next)
		store.Get(ctx, 1)
	}
}
