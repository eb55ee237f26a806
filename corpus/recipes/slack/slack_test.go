package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// serve starts a Slack with one answer, and returns a client of it.
func serve(t *testing.T, status int, retryAfter, body string) (*slack.Client, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return slack.New("token", slack.OptionAPIURL(server.URL+"/")), server
}

// answer is the error that slack-go makes of an answer.
func answer(t *testing.T, status int, retryAfter, word string) error {
	t.Helper()
	client, _ := serve(t, status, retryAfter, fmt.Sprintf(`{"ok": false, "error": %q}`, word))
	_, err := client.GetUserInfoContext(t.Context(), "U1")
	return err
}

func TestVerdicts(t *testing.T) {
	no, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	verdicttest.Errors(t, classifySlackSlack, []verdicttest.Case{
		{Name: "limit", Err: answer(t, 429, "30", ""), Want: resil.Verdict{Class: resil.Throttled, After: 30 * time.Second}},
		{Name: "limit without a time", Err: answer(t, 429, "", ""), Want: throttled},
		{Name: "limit by a word", Err: answer(t, 200, "", "ratelimited"), Want: throttled},
		{Name: "internal error", Err: answer(t, 200, "", "internal_error"), Want: failure},
		{Name: "fatal error", Err: answer(t, 200, "", "fatal_error"), Want: failure},
		{Name: "unavailable", Err: answer(t, 200, "", "service_unavailable"), Want: failure},
		{Name: "timeout", Err: answer(t, 200, "", "request_timeout"), Want: failure},
		{Name: "not found", Err: answer(t, 200, "", "user_not_found"), Want: no},
		{Name: "wrong token", Err: answer(t, 200, "", "invalid_auth"), Want: no},
		{Name: "status 500", Err: answer(t, 500, "", ""), Want: failure},
		{Name: "status 503", Err: answer(t, 503, "", ""), Want: failure},
		{Name: "status 404", Err: answer(t, 404, "", ""), Want: no},
		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of Slack", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifySlackSlack, (*slack.RateLimitedError)(nil))
}

// guard guards a client.
func guard(t *testing.T, next *slack.Client) (*resil.Client, func() error) {
	t.Helper()
	guarded, err := NewResilientSlack(next, resil.WithOverrides(resil.Overrides{"Slack.GetUserInfoContext": {"retry": "initial=1ms max=2ms"}}))
	if err != nil {
		t.Fatal(err)
	}
	return guarded.Resilience(), func() error {
		_, err := guarded.GetUserInfoContext(t.Context(), "U1")
		return err
	}
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	next, server := serve(t, 200, "", "")
	server.Close()
	client, call := guard(t, next)
	verdicttest.Dead(t, client, "GetUserInfoContext", call)
}

func TestAnswersAreNotRepeated(t *testing.T) {
	next, _ := serve(t, 200, "", `{"ok": false, "error": "user_not_found"}`)
	client, call := guard(t, next)
	verdicttest.Answers(t, client, "GetUserInfoContext", call)
}
