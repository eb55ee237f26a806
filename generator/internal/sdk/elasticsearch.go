package sdk

// The typed API returns errors; the other one returns responses that hold them.
var elasticsearchLibrary = &Library{
	Name:  "elasticsearch",
	Ident: "Elasticsearch",
	Title: "Elasticsearch",
	Tried: []string{"github.com/elastic/go-elasticsearch/v9@v9.5.2", "github.com/elastic/go-elasticsearch/v8@v8.19.7"},
	Shown: []string{"github.com/elastic/go-elasticsearch/..."},
	Glue: `
import (
	"errors"

	"github.com/elastic/go-elasticsearch/v9/esapi"
	"github.com/elastic/go-elasticsearch/v9/typedapi/types"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of the typed API by their status.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[*types.ElasticsearchError](err); ok && e != nil && e.Status != 0 {
		return resil.HTTPStatus(e.Status)
	}
	return resil.Verdict{}
}

// classifyResponse classifies responses by their status and their header.
func classifyResponse(resp *esapi.Response, err error) resil.Verdict {
	if resp == nil || err != nil && resp.StatusCode < 400 {
		return resil.Verdict{}
	}
	return resil.HTTPResponse(resp.StatusCode, resp.Header)
}
`,
	Unsafe: []string{
		"Scroll*",       // the next page, not the same one
		"UpdateByQuery", // runs its script again
	},
	Retries: Retries{Attempts: 4, Switch: "elasticsearch.Config{DisableRetry: true}"},
	Notes: []string{
		"A bulk request succeeds though some of its items fail: look at the items.",
		"A document that is indexed without an ID is another one each time.",
	},
}
