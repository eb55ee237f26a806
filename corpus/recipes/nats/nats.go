// Package nats guards clients of NATS.
package nats

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

//go:generate go tool resilgen

// Requester is the part of nats.Conn that is used. What nobody was there to answer is
// asked again.
//
//resil:timeout 5s attempt=2s
//resil:breaker
type Requester interface {
	//resil:retry 3 on=unsent
	//resil:allow RG034 "a message needs no context"
	RequestMsgWithContext(ctx context.Context, msg *nats.Msg) (*nats.Msg, error)
}

// Settings is the part of jetstream.KeyValue that is used.
//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:breaker
type Settings interface {
	Get(ctx context.Context, key string) (jetstream.KeyValueEntry, error)
	Put(ctx context.Context, key string, value []byte) (revision uint64, err error)
}
