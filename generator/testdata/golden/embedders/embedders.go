// Package embedders has types that embed an interface which a comment group makes,
// and interfaces that are made of them in turn.
package embedders

import "context"

//resil:interface Users from=Client
//resil:breaker

// A Client is what the first interface is made from.
type Client struct{}

func (Client) Get(ctx context.Context, id string) error { return nil }

// A generic interface, and a struct that has one of its instances.

//resil:interface Pairs from=Pair[string] methods=Get,Put
//resil:breaker

type Pair[T any] interface {
	Users
	Put(ctx context.Context, value T) error
}

//resil:interface Held from=holder
//resil:breaker methods=Get

type holder struct{ Pair[int] }

func (holder) Both(ctx context.Context, both interface {
	Users
	Len() int
}) error {
	return nil
}

type anonymous = interface {
	Pairs
	Len() int
}

//resil:interface Anonymous from=anonymous
//resil:breaker methods=*et

//resil:interface Widest from=wide
//resil:breaker methods=*et

type wide interface {
	anonymous
	Anonymous
}

// Defined has the methods of another, and no part of the same name.
//
//resil:breaker
type Defined Users

// Again guards a method of the wrapper of a generic interface.
//
//resil:wrap
type Again[T any] interface {
	Do(ctx context.Context, value T) error
}

//resil:interface Wrapped from=wrapped
//resil:breaker

type wrapped struct{ *ResilientAgain[string] }
