// Package v8 guards a client of Elasticsearch of another major version.
package v8

import (
	"context"

	"github.com/elastic/go-elasticsearch/v8/typedapi/core/get"
)

//go:generate go tool resilgen

// Articles is an index, by the typed API.
//
//resil:timeout 10s attempt=3s
//resil:retry 3
//resil:breaker
type Articles interface {
	Get(ctx context.Context, id string) (*get.Response, error)
}
