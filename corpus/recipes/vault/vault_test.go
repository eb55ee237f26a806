package vault

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// newClient returns a client that asks once for each call.
func newClient(t *testing.T, address string) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address = address
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	client.SetMaxRetries(0)
	return client
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
	throttled := resil.Verdict{Class: resil.Throttled}
	get := func(address string) error {
		_, err := newClient(t, address).KVv2("secret").Get(t.Context(), "path")
		return err
	}
	answered := func(status int) error { return get(serve(t, status, `{"errors":["text"]}`)) }
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	_, unwrapErr := newClient(t, serve(t, 400, `{"errors":["wrapping token is not valid or does not exist"]}`)).Logical().UnwrapWithContext(t.Context(), "token")
	verdicttest.Errors(t, classifySecretsVault, []verdicttest.Case{
		{Name: "sealed", Err: answered(503), Want: failure},
		{Name: "internal", Err: answered(500), Want: failure},
		{Name: "gateway", Err: answered(502), Want: failure},
		{Name: "quota", Err: answered(429), Want: throttled},
		{Name: "a standby that is behind", Err: answered(412), Want: throttled},
		{Name: "not initialized", Err: answered(501), Want: answer},
		{Name: "no such secret", Err: get(serve(t, 404, "{}")), Want: answer},
		{Name: "permission denied", Err: answered(403), Want: answer},
		{Name: "wrong request", Err: answered(400), Want: answer},
		{Name: "token used up", Err: unwrapErr, Want: answer},
		{Name: "answer that is not JSON", Err: get(serve(t, 503, "down")), Want: failure},
		{Name: "refused", Err: get("http://127.0.0.1:1"), Network: resil.Infrastructure},
		{Name: "cut off", Err: get(cut.URL), Network: resil.Infrastructure},
		{Name: "no error of Vault", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifySecretsVault, (*api.ResponseError)(nil))
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	client, err := NewResilientSecrets(newClient(t, "http://127.0.0.1:1").KVv2("secret"), verdicttest.Quick("Secrets"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "Get", func() error {
		_, err := client.Get(t.Context(), "path")
		return err
	})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientSecrets(newClient(t, serve(t, 403, `{"errors":["permission denied"]}`)).KVv2("secret"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, client.Resilience(), "Get", func() error {
		_, err := client.Get(t.Context(), "path")
		return err
	})
}

func TestClientRepeatsAsTheRecipeSays(t *testing.T) {
	verdicttest.Calls(t, "vault", 503, func(address string, stopped bool) {
		config := api.DefaultConfig()
		config.Address = address
		config.MinRetryWait, config.MaxRetryWait = time.Millisecond, time.Millisecond
		client, err := api.NewClient(config)
		if err != nil {
			t.Fatal(err)
		}
		if stopped {
			client.SetMaxRetries(0)
		}
		client.KVv2("secret").Get(t.Context(), "path")
	})
}
