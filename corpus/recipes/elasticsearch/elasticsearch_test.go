package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v9"
	"github.com/elastic/go-elasticsearch/v9/esapi"
	"github.com/elastic/go-elasticsearch/v9/typedapi/core/get"
	"github.com/elastic/go-elasticsearch/v9/typedapi/core/search"
	"github.com/elastic/go-elasticsearch/v9/typedapi/types"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// articles are the index articles of a server.
type articles struct {
	typed *elasticsearch.TypedClient
}

func (a articles) Get(ctx context.Context, id string) (*get.Response, error) {
	return a.typed.Get("articles", id).Do(ctx)
}

func (a articles) Search(ctx context.Context, query *search.Request) (*search.Response, error) {
	return a.typed.Search().Index("articles").Request(query).Do(ctx)
}

// rawArticles are the same by the other API.
type rawArticles struct {
	client *elasticsearch.Client
}

func (a rawArticles) Get(ctx context.Context, id string) (*esapi.Response, error) {
	return a.client.Get("articles", id, a.client.Get.WithContext(ctx))
}

// serve starts an Elasticsearch with one answer, and returns the configuration of a client
// that does not repeat by itself.
func serve(t *testing.T, status int, kind string) (elasticsearch.Config, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error": {"type": %q, "reason": "text"}, "status": %d}`, kind, status)
	}))
	t.Cleanup(server.Close)
	return elasticsearch.Config{Addresses: []string{server.URL}, DisableRetry: true}, server
}

func newArticles(t *testing.T, config elasticsearch.Config) Articles {
	t.Helper()
	client, err := elasticsearch.NewTypedClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return articles{client}
}

// answer is the error that the typed API makes of an answer.
func answer(t *testing.T, status int, kind string) error {
	t.Helper()
	config, _ := serve(t, status, kind)
	_, err := newArticles(t, config).Search(t.Context(), &search.Request{})
	return err
}

func TestVerdicts(t *testing.T) {
	no, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	verdicttest.Errors(t, classifyArticlesElasticsearch, []verdicttest.Case{
		{Name: "rejected", Err: answer(t, 429, "es_rejected_execution_exception"), Want: throttled},
		{Name: "circuit breaker", Err: answer(t, 429, "circuit_breaking_exception"), Want: throttled},
		{Name: "bad gateway", Err: answer(t, 502, "bad_gateway"), Want: failure},
		{Name: "unavailable", Err: answer(t, 503, "unavailable_shards_exception"), Want: failure},
		{Name: "gateway timeout", Err: answer(t, 504, "gateway_timeout"), Want: failure},
		{Name: "internal", Err: answer(t, 500, "exception"), Want: failure},
		{Name: "no index", Err: answer(t, 404, "index_not_found_exception"), Want: no},
		{Name: "bad query", Err: answer(t, 400, "parsing_exception"), Want: no},
		{Name: "version conflict", Err: answer(t, 409, "version_conflict_engine_exception"), Want: no},
		{Name: "security", Err: answer(t, 403, "security_exception"), Want: no},
		{Name: "without a status", Err: &types.ElasticsearchError{}},
		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of Elasticsearch", Err: errors.New("text")},
	})
}

func TestVerdictsOfResponses(t *testing.T) {
	for _, c := range []struct {
		status int
		header http.Header
		err    error
		want   resil.Verdict
	}{
		{200, nil, nil, resil.Verdict{Class: resil.Success}},
		{404, nil, nil, resil.Verdict{Class: resil.Application}},
		{429, http.Header{"Retry-After": {"2"}}, nil, resil.Verdict{Class: resil.Throttled, After: 2 * time.Second}},
		{503, nil, nil, resil.Verdict{Class: resil.Infrastructure}},
		{200, nil, context.DeadlineExceeded, resil.Verdict{}},
	} {
		if c.want.Class > resil.Success {
			c.want.Status = c.status
		}
		if got := classifyRawArticlesElasticsearchResponse(&esapi.Response{StatusCode: c.status, Header: c.header}, c.err); got != c.want {
			t.Errorf("status %d with error %v is %+v, want %+v", c.status, c.err, got, c.want)
		}
	}
	if got := classifyRawArticlesElasticsearchResponse(nil, context.DeadlineExceeded); got != (resil.Verdict{}) {
		t.Errorf("without a response the verdict is %+v, want none", got)
	}
}

// guard guards the typed API.
func guard(t *testing.T, config elasticsearch.Config) (*resil.Client, func() error) {
	t.Helper()
	guarded, err := NewResilientArticles(newArticles(t, config), verdicttest.Quick("Articles"))
	if err != nil {
		t.Fatal(err)
	}
	return guarded.Resilience(), func() error {
		_, err := guarded.Search(t.Context(), &search.Request{})
		return err
	}
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	config, server := serve(t, 200, "")
	server.Close()
	client, call := guard(t, config)
	verdicttest.Dead(t, client, "Search", call)
}

func TestFailingServerOpensTheBreaker(t *testing.T) {
	config, _ := serve(t, 503, "unavailable_shards_exception")
	client, call := guard(t, config)
	verdicttest.Dead(t, client, "Search", call)
}

func TestAnswersAreNotRepeated(t *testing.T) {
	config, _ := serve(t, 404, "index_not_found_exception")
	client, call := guard(t, config)
	verdicttest.Answers(t, client, "Search", call)
}

func TestResponsesOfAFailingServerOpenTheBreaker(t *testing.T) {
	config, _ := serve(t, 503, "unavailable_shards_exception")
	client, err := elasticsearch.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	guarded, err := NewResilientRawArticles(rawArticles{client}, verdicttest.Quick("RawArticles"))
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		var resp *esapi.Response
		if resp, err = guarded.Get(t.Context(), "1"); err == nil {
			resp.Body.Close()
		}
	}
	if !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the last error is %v, want that of an open breaker", err)
	}
}
