// Package consul guards a client of Consul.
package consul

import "github.com/hashicorp/consul/api"

//go:generate go tool resilgen

// KV is the part of api.KV that is used. Its methods have their context in the options.
//
//resil:retry 3 methods=Get,Put
//resil:breaker methods=Get,Put
type KV interface {
	Get(key string, q *api.QueryOptions) (*api.KVPair, *api.QueryMeta, error)
	Put(pair *api.KVPair, q *api.WriteOptions) (*api.WriteMeta, error)
}
