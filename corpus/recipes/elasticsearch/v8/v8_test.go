package v8

import (
	"testing"

	"github.com/elastic/go-elasticsearch/v8/typedapi/types"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// The glue must meet the types of the major version that stands in the signatures.
func TestVerdicts(t *testing.T) {
	verdicttest.Errors(t, classifyArticlesElasticsearch, []verdicttest.Case{
		{Name: "rejected", Err: &types.ElasticsearchError{Status: 429}, Want: resil.Verdict{Class: resil.Throttled}},
		{Name: "unavailable", Err: &types.ElasticsearchError{Status: 503}, Want: resil.Verdict{Class: resil.Infrastructure}},
	})
}
