package consul

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func newKV(t *testing.T, address string) *api.KV {
	t.Helper()
	client, err := api.NewClient(&api.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	return client.KV()
}

// serve answers all requests alike and returns its address.
func serve(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	get := func(address string) error {
		_, _, err := newKV(t, address).Get("key", nil)
		return err
	}
	answered := func(status int, body string) error { return get(serve(t, status, body)) }
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	if err := answered(500, "No cluster leader"); !api.IsRetryableError(err) {
		t.Errorf("Consul itself would not repeat %v", err)
	}
	verdicttest.Errors(t, classifyKVConsul, []verdicttest.Case{
		{Name: "no leader", Err: answered(500, "No cluster leader"), Want: failure},
		{Name: "unavailable", Err: answered(503, ""), Want: failure},
		{Name: "gateway", Err: answered(504, ""), Want: failure},
		{Name: "too many requests", Err: answered(429, "rate limit"), Want: resil.Verdict{Class: resil.Throttled}},
		{Name: "permission denied", Err: answered(403, "Permission denied"), Want: answer},
		{Name: "wrong request", Err: answered(400, "text"), Want: answer},
		{Name: "too large", Err: answered(413, "text"), Want: answer},
		{Name: "refused", Err: get("127.0.0.1:1"), Network: resil.Infrastructure},
		{Name: "cut off", Err: get(cut.URL), Network: resil.Infrastructure},
		{Name: "no error of Consul", Err: errors.New("text")},
	})
}

func TestDeadServerIsAskedAgain(t *testing.T) {
	const breaker = "KV[Get,Put]"
	client, err := NewResilientKV(newKV(t, "127.0.0.1:1"), verdicttest.Quick("KV.Get"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _, err = client.Get("key", nil)
	}
	stats := client.Resilience().Stats()
	if m := stats.Method("Get"); m.Retries == 0 || m.Infrastructure != m.Attempts {
		t.Errorf("a dead server is not asked again, or its errors are no failures: %+v", m)
	}
	if state := stats.Breaker(breaker).State; state != resil.StateOpen || !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the breaker is %v, and the last error is %v", state, err)
	}
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientKV(newKV(t, serve(t, 403, "Permission denied")))
	if err != nil {
		t.Fatal(err)
	}
	for range 12 {
		if _, _, err := client.Get("key", nil); errors.Is(err, resil.ErrOpen) {
			t.Fatal("answers opened the breaker")
		}
	}
	if m := client.Resilience().Stats().Method("Get"); m.Retries > 0 || m.Application != 12 {
		t.Errorf("the stats are %+v", m)
	}
}

func TestClientRepeatsAsTheRecipeSays(t *testing.T) {
	verdicttest.Calls(t, "consul", 503, func(address string, _ bool) { newKV(t, address).Get("key", nil) })
}
