// Package etcd guards a client of etcd.
package etcd

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"
)

//go:generate go tool resilgen

// KV is the part of clientv3.KV that is used.
//
//resil:timeout 5s attempt=2s
//resil:retry 3 methods=Get
//resil:breaker
type KV interface {
	Get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error)
	Put(ctx context.Context, key, val string, opts ...clientv3.OpOption) (*clientv3.PutResponse, error)
	Delete(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.DeleteResponse, error)
}
