// Package elasticsearch guards clients of Elasticsearch.
package elasticsearch

import (
	"context"

	"github.com/elastic/go-elasticsearch/v9/esapi"
	"github.com/elastic/go-elasticsearch/v9/typedapi/core/get"
	"github.com/elastic/go-elasticsearch/v9/typedapi/core/search"
)

//go:generate go tool resilgen

// Articles is an index, by the typed API.
//
//resil:timeout 10s attempt=3s
//resil:retry 3
//resil:breaker
type Articles interface {
	Get(ctx context.Context, id string) (*get.Response, error)
	Search(ctx context.Context, query *search.Request) (*search.Response, error)
}

// RawArticles is an index, by the other API, which returns responses. The caller closes
// their bodies.
//
//resil:retry 3
//resil:breaker
type RawArticles interface {
	Get(ctx context.Context, id string) (*esapi.Response, error)
}
