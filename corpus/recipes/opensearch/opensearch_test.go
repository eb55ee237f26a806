package opensearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// articles are the index articles of a server.
type articles struct{ *opensearchapi.Client }

func (a articles) Search(ctx context.Context, query string) (*opensearchapi.SearchResp, error) {
	return a.Client.Search(ctx, &opensearchapi.SearchReq{Indices: []string{"articles"}, Body: strings.NewReader(query)})
}

func (a articles) Exists(ctx context.Context, id string) (*opensearch.Response, error) {
	return a.Document.Exists(ctx, opensearchapi.DocumentExistsReq{Index: "articles", DocumentID: id})
}

// serve starts an OpenSearch with one answer, and returns a client of it that does not
// repeat by itself.
func serve(t *testing.T, status int, body string) (Articles, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	client, err := opensearchapi.NewClient(opensearchapi.Config{Client: opensearch.Config{Addresses: []string{server.URL}, DisableRetry: true}})
	if err != nil {
		t.Fatal(err)
	}
	return articles{client}, server
}

// answer is the error that opensearch-go makes of an answer.
func answer(t *testing.T, status int, body string) error {
	t.Helper()
	client, _ := serve(t, status, body)
	_, err := client.Search(t.Context(), "{}")
	return err
}

// structured is the body of an answer of the cluster.
func structured(status int) string {
	return fmt.Sprintf(`{"error": {"root_cause": [], "type": "some_exception", "reason": "text"}, "status": %d}`, status)
}

func TestVerdicts(t *testing.T) {
	no, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	verdicttest.Errors(t, classifyArticlesOpenSearch, []verdicttest.Case{
		{Name: "rejected", Err: answer(t, 429, structured(429)), Want: throttled},
		{Name: "internal", Err: answer(t, 500, structured(500)), Want: failure},
		{Name: "unavailable", Err: answer(t, 503, structured(503)), Want: failure},
		{Name: "no index", Err: answer(t, 404, structured(404)), Want: no},
		{Name: "conflict", Err: answer(t, 409, structured(409)), Want: no},
		{Name: "error as a text", Err: answer(t, 503, `{"error": "text", "status": 503}`), Want: failure},
		{Name: "bad request as a text", Err: answer(t, 400, `{"error": "text", "status": 400}`), Want: no},
		{Name: "status as a word", Err: answer(t, 500, `{"status": "INTERNAL_SERVER_ERROR", "reason": "text"}`), Want: failure},
		{Name: "limit as a word", Err: answer(t, 429, `{"status": "TOO_MANY_REQUESTS", "message": "text"}`), Want: throttled},
		{Name: "not found as a word", Err: answer(t, 404, `{"status": "NOT_FOUND", "message": "text"}`), Want: no},
		{Name: "a proxy's page", Err: answer(t, 502, `<html></html>`), Want: failure},
		{Name: "a bulk request that failed in part", Err: &opensearchapi.PartialBulkError{}, Want: no},
		{Name: "a search that failed in part", Err: &opensearchapi.PartialSearchError{}, Want: no},
		{Name: "an error without a status", Err: &opensearch.Error{Err: "text"}},
		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of OpenSearch", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyArticlesOpenSearch, (*opensearch.StructError)(nil), (*opensearch.StringError)(nil), (*opensearch.ReasonError)(nil), (*opensearch.MessageError)(nil))
}

func TestVerdictsOfResponses(t *testing.T) {
	for _, c := range []struct {
		status int
		header http.Header
		err    error
		want   resil.Verdict
	}{
		{200, nil, nil, resil.Verdict{Class: resil.Success}},
		{404, nil, opensearch.ErrUnexpectedEmptyBody, resil.Verdict{Class: resil.Application}},
		{429, http.Header{"Retry-After": {"2"}}, nil, resil.Verdict{Class: resil.Throttled, After: 2 * time.Second}},
		{503, nil, errors.New("status: 503"), resil.Verdict{Class: resil.Infrastructure}},
		{200, nil, context.DeadlineExceeded, resil.Verdict{}},
	} {
		if c.want.Class > resil.Success {
			c.want.Status = c.status
		}
		if got := classifyArticlesOpenSearchResponse(&opensearch.Response{StatusCode: c.status, Header: c.header}, c.err); got != c.want {
			t.Errorf("status %d with error %v is %+v, want %+v", c.status, c.err, got, c.want)
		}
	}
	if got := classifyArticlesOpenSearchResponse(nil, context.DeadlineExceeded); got != (resil.Verdict{}) {
		t.Errorf("without a response the verdict is %+v, want none", got)
	}
}

// guard guards a client.
func guard(t *testing.T, next Articles) *ResilientArticles {
	t.Helper()
	guarded, err := NewResilientArticles(next, verdicttest.Quick("Articles"))
	if err != nil {
		t.Fatal(err)
	}
	return guarded
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	next, server := serve(t, 200, "{}")
	server.Close()
	guarded := guard(t, next)
	verdicttest.Dead(t, guarded.Resilience(), "Search", func() error {
		_, err := guarded.Search(t.Context(), "{}")
		return err
	})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	next, _ := serve(t, 404, "")
	guarded := guard(t, next)
	verdicttest.Answers(t, guarded.Resilience(), "Exists", func() error {
		resp, err := guarded.Exists(t.Context(), "1")
		if resp == nil || resp.StatusCode != 404 {
			t.Errorf("the response is %v, want one with status 404", resp)
		}
		return err
	})
}
