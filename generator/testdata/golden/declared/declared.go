// Package declared has interfaces that comment groups make from the methods of
// other types.
package declared

import (
	"context"
	stdio "io"
	. "sync/atomic"
)

// A struct of this package, whose methods mention what is made from it. Without
// methods= the interface has all that are exported.

//resil:interface Users from=Client
//resil:use quick
//resil:retry 2 methods=Send*
//resil:allow RG032 "the server knows a mail by its number" methods=SendMail
//resil:breaker per=shard(id) methods=Get
//resil:wrap name=Guard

//resil:profile quick
//resil:timeout 2s

// A Client has methods of each kind.
type Client struct{ *session }

func (c *Client) Get(ctx context.Context, id userID) (user Users, err error) { return c, nil }

func (Client) With(context context.Context, guard *Guard, _ ...stdio.Writer) error { return nil }

func (Client) SendMail(ctx context.Context, number int) error { return nil }

func (*Client) close() {}

type userID struct{ number int }

func shard(id userID) int { return id.number % 16 }

type session struct{}

func (*session) Login(ctx context.Context, name, password string) error { return nil }

// Generic types are instantiated, with types as the file writes them.

//resil:interface Numbers from="Cache[string, stdio.Reader]" methods=Get,put
//resil:retry 2 methods=Get
//resil:breaker per=method methods=*

type Cache[K comparable, V any] struct{ values map[K]V }

func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, error) { return c.values[key], nil }

func (c *Cache[K, V]) put(ctx context.Context, key K, value V) error { return nil }

// No import of this file is needed for a full path, and an interface made may be
// part of another, annotated or made.

//resil:interface Doer from=net/http.Client methods=Do,CloseIdle*
//resil:limit 5/s methods=Do

//resil:interface Part from=doers
//resil:bulkhead 10 methods=Do

type doers struct {
	Doer
	Int32
}

// Both guards the methods of two.
//
//resil:timeout 1s methods=Login,Get
//resil:limit 5/s per=shard(id) methods=Get
type Both interface {
	Users
	stdio.Seeker
}

// By an import of the file, and by a dot import.

//resil:interface ReadSeeker from=stdio.ReadSeeker
//resil:breaker methods=Read

//resil:interface Counter from=Int64 methods=Add

// Generic wrappers are known too.

//resil:wrap
type Pool[K comparable] interface {
	Of(ctx context.Context, key K) (*ResilientPool[K], error)
}
