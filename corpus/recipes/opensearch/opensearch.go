// Package opensearch guards a client of OpenSearch.
package opensearch

import (
	"context"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"
)

//go:generate go tool resilgen

// Articles is an index. Each call makes its request again, since its body is read once.
//
//resil:timeout 10s attempt=3s methods=Search
//resil:retry 3
//resil:breaker
type Articles interface {
	Search(ctx context.Context, query string) (*opensearchapi.SearchResp, error)
	Exists(ctx context.Context, id string) (*opensearch.Response, error)
}
