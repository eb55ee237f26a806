package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v82"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// serve starts a Stripe with one answer, and returns a client of it.
func serve(t *testing.T, status int, header map[string]string, body string) (PaymentIntents, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return newPaymentIntents(server), server
}

// newPaymentIntents returns a client that does not repeat by itself.
func newPaymentIntents(server *httptest.Server) PaymentIntents {
	backends := stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL:               stripe.String(server.URL),
		MaxNetworkRetries: stripe.Int64(0),
		LeveledLogger:     &stripe.LeveledLogger{},
	})
	return stripe.NewClient("sk_test_123", stripe.WithBackends(backends)).V1PaymentIntents
}

// answer is the error that stripe-go makes of an answer.
func answer(t *testing.T, status int, header map[string]string, kind, code string) error {
	t.Helper()
	client, _ := serve(t, status, header, fmt.Sprintf(`{"error": {"type": %q, "code": %q, "message": "text"}}`, kind, code))
	_, err := client.Retrieve(t.Context(), "pi_1", nil)
	return err
}

func TestVerdicts(t *testing.T) {
	no, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	never, again := map[string]string{"Stripe-Should-Retry": "false"}, map[string]string{"Stripe-Should-Retry": "true"}
	verdicttest.Errors(t, classifyPaymentIntentsStripe, []verdicttest.Case{
		{Name: "card", Err: answer(t, 402, nil, "card_error", "card_declined"), Want: no},
		{Name: "invalid", Err: answer(t, 400, nil, "invalid_request_error", "parameter_missing"), Want: no},
		{Name: "not found", Err: answer(t, 404, nil, "invalid_request_error", "resource_missing"), Want: no},
		{Name: "wrong key", Err: answer(t, 401, nil, "invalid_request_error", ""), Want: no},
		{Name: "another request with the key", Err: answer(t, 409, nil, "idempotency_error", "idempotency_key_in_use"), Want: throttled},
		{Name: "key with other parameters", Err: answer(t, 400, nil, "idempotency_error", ""), Want: no},
		{Name: "rate limit", Err: answer(t, 429, nil, "invalid_request_error", "rate_limit"), Want: throttled},
		{Name: "rate limit until", Err: answer(t, 429, map[string]string{"Retry-After": "2"}, "invalid_request_error", "rate_limit"), Want: resil.Verdict{Class: resil.Throttled, After: 2 * time.Second}},
		{Name: "lock", Err: answer(t, 429, nil, "invalid_request_error", "lock_timeout"), Want: throttled},
		{Name: "internal", Err: answer(t, 500, nil, "api_error", ""), Want: failure},
		{Name: "unavailable", Err: answer(t, 503, nil, "api_error", ""), Want: failure},
		{Name: "internal, never again", Err: answer(t, 500, never, "api_error", ""), Want: resil.Verdict{Class: resil.Infrastructure, Final: true}},
		{Name: "conflict, never again", Err: answer(t, 409, never, "invalid_request_error", ""), Want: resil.Verdict{Class: resil.Throttled, Final: true}},
		{Name: "bad request, again", Err: answer(t, 400, again, "invalid_request_error", "lock_timeout"), Want: throttled},
		{Name: "internal, again", Err: answer(t, 500, again, "api_error", ""), Want: failure},
		{Name: "without a status", Err: &stripe.Error{Msg: "text"}},
		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of Stripe", Err: errors.New("text")},
	})
}

// guard guards a client.
func guard(t *testing.T, next PaymentIntents) (*resil.Client, func() error) {
	t.Helper()
	guarded, err := NewResilientPaymentIntents(next, verdicttest.Quick("PaymentIntents"))
	if err != nil {
		t.Fatal(err)
	}
	return guarded.Resilience(), func() error {
		_, err := guarded.Retrieve(t.Context(), "pi_1", nil)
		return err
	}
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	next, server := serve(t, 200, nil, "")
	server.Close()
	client, call := guard(t, next)
	verdicttest.Dead(t, client, "Retrieve", call)
}

func TestAnswersAreNotRepeated(t *testing.T) {
	next, _ := serve(t, 402, nil, `{"error": {"type": "card_error", "code": "card_declined"}}`)
	client, call := guard(t, next)
	verdicttest.Answers(t, client, "Retrieve", call)
}

func TestStripeForbidsToRepeat(t *testing.T) {
	next, _ := serve(t, 500, map[string]string{"Stripe-Should-Retry": "false"}, `{"error": {"type": "api_error"}}`)
	client, call := guard(t, next)
	if err := call(); err == nil {
		t.Fatal("the call succeeded")
	}
	if m := client.Stats().Method("Retrieve"); m.Attempts != 1 || m.Infrastructure != 1 {
		t.Errorf("the call was repeated: %+v", m)
	}
}

func TestAttemptsOfAPaymentHaveOneKey(t *testing.T) {
	var keys []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		if len(keys) < 3 {
			w.WriteHeader(500)
			fmt.Fprint(w, `{"error": {"type": "api_error"}}`)
			return
		}
		fmt.Fprint(w, `{"id": "pi_1"}`)
	}))
	defer server.Close()
	guarded, err := NewResilientPaymentIntents(newPaymentIntents(server), verdicttest.Quick("PaymentIntents"))
	if err != nil {
		t.Fatal(err)
	}
	params := &stripe.PaymentIntentCreateParams{Amount: stripe.Int64(100)}
	if _, err := guarded.Create(t.Context(), params); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3 || keys[0] == "" || keys[1] != keys[0] || keys[2] != keys[0] {
		t.Errorf("the keys of the attempts are %q, want the same one three times", keys)
	}
	if params.IdempotencyKey != nil {
		t.Error("the caller's parameters have changed")
	}
}
