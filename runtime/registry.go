package resil

import (
	"context"
	"slices"
	"sync"
)

// A Registry lists clients, for pages and exporters that show them all. Its zero
// value is empty and ready; a nil one stays empty. It is safe for concurrent use.
// Clients enter with [WithRegistry]; they share nothing by being listed.
type Registry struct {
	mu      sync.RWMutex
	clients []*Client
}

// WithRegistry lists the client in r. Given several times, it lists the client in
// each registry.
func WithRegistry(r *Registry) Option {
	return func(opts *options) { opts.registries = append(opts.registries, r) }
}

func (r *Registry) add(c *Client) {
	if r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.clients = append(r.clients, c)
	}
}

// Remove takes a client off the list. It does nothing if the client is not listed.
func (r *Registry) Remove(c *Client) {
	if r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.clients = slices.DeleteFunc(r.clients, func(o *Client) bool { return o == c })
	}
}

// Clients returns the listed clients, oldest first.
func (r *Registry) Clients() []*Client {
	if r == nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.clients)
}

// Client returns the oldest listed client with that name, or nil if there is none.
func (r *Registry) Client(name string) *Client {
	for _, c := range r.Clients() {
		if c.name == name {
			return c
		}
	}
	return nil
}

type registryKey struct{}

// NewContext returns a context that carries r, for handlers that show it.
func NewContext(ctx context.Context, r *Registry) context.Context {
	return context.WithValue(ctx, registryKey{}, r)
}

// FromContext returns the registry that ctx carries, or nil, whose list is empty.
func FromContext(ctx context.Context) *Registry {
	r, _ := ctx.Value(registryKey{}).(*Registry)
	return r
}
