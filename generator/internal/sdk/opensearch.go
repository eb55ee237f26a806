package sdk

// OpenSearch's plugins say the status by a word. What is no JSON comes from something that
// stands before the cluster. A request that succeeded in part is an answer: its result
// says the rest.
var opensearchLibrary = &Library{
	Name:  "opensearch",
	Ident: "OpenSearch",
	Title: "OpenSearch",
	Tried: []string{"github.com/opensearch-project/opensearch-go/v4@v4.8.1"},
	Shown: []string{"github.com/opensearch-project/opensearch-go/..."},
	Glue: `
import (
	"errors"

	opensearch "github.com/opensearch-project/opensearch-go/v4"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of OpenSearch by their status, and answers that make no
// sense as failures of what stands before it.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[*opensearch.StructError](err); ok && e != nil {
		return resil.HTTPStatus(e.Status)
	}
	if e, ok := errors.AsType[*opensearch.StringError](err); ok && e != nil {
		return resil.HTTPStatus(e.Status)
	}
	word := ""
	if e, ok := errors.AsType[*opensearch.ReasonError](err); ok && e != nil {
		word = e.Status
	} else if e, ok := errors.AsType[*opensearch.MessageError](err); ok && e != nil {
		word = e.Status
	}
	var partial interface{ IsPartial() bool }
	switch {
	case word == "TOO_MANY_REQUESTS":
		return resil.Verdict{Class: resil.Throttled}
	case word == "INTERNAL_SERVER_ERROR", word == "BAD_GATEWAY", word == "SERVICE_UNAVAILABLE", word == "GATEWAY_TIMEOUT",
		word == "REQUEST_TIMEOUT", errors.Is(err, opensearch.ErrJSONUnmarshalBody), errors.Is(err, opensearch.ErrReadBody):
		return resil.Verdict{Class: resil.Infrastructure}
	case word != "", errors.As(err, &partial):
		return resil.Verdict{Class: resil.Application}
	}
	return resil.Verdict{}
}

// classifyResponse classifies responses by their status and their header. An error beside
// a good status came later.
func classifyResponse(resp *opensearch.Response, err error) resil.Verdict {
	if resp == nil || err != nil && resp.StatusCode < 400 {
		return resil.Verdict{}
	}
	return resil.HTTPResponse(resp.StatusCode, resp.Header)
}
`,
	Safe:    []string{"MGet", "MSearch", "MSearchTemplate"},
	Unsafe:  []string{"Scroll*", "UpdateByQuery"},
	Retries: Retries{Attempts: 4, Switch: "opensearch.Config{DisableRetry: true}"},
	Notes: []string{
		"A bulk request can succeed in part: look at the items.",
		"A document that is indexed without an ID is another one each time.",
	},
}
