package github

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-github/v84/github"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// answer is the error that go-github makes of a response.
func answer(status int, header map[string]string, body string) error {
	w := httptest.NewRecorder()
	for name, value := range header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	w.WriteString(body)
	resp := w.Result()
	resp.Request = httptest.NewRequest(http.MethodGet, "https://api.github.com/", nil)
	return github.CheckResponse(resp)
}

func TestVerdicts(t *testing.T) {
	ask, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	const secondary = `{"documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`
	const abuse = `{"documentation_url": "https://developer.github.com/v3/#abuse-rate-limits"}`
	verdicttest.Errors(t, classifyIssuesGitHub, []verdicttest.Case{
		{Name: "not found", Err: answer(404, nil, ""), Want: ask},
		{Name: "unauthorized", Err: answer(401, nil, ""), Want: ask},
		{Name: "one-time password", Err: answer(401, map[string]string{"X-GitHub-OTP": "required; app"}, ""), Want: ask},
		{Name: "forbidden", Err: answer(403, nil, ""), Want: ask},
		{Name: "conflict", Err: answer(409, nil, ""), Want: ask},
		{Name: "invalid", Err: answer(422, nil, ""), Want: ask},
		{Name: "accepted", Err: answer(202, nil, ""), Want: ask},
		{Name: "internal", Err: answer(500, nil, ""), Want: failure},
		{Name: "bad gateway", Err: answer(502, nil, ""), Want: failure},
		{Name: "unavailable", Err: answer(503, nil, ""), Want: failure},
		{Name: "unavailable until", Err: answer(503, map[string]string{"Retry-After": "9"}, ""), Want: resil.Verdict{Class: resil.Throttled, After: 9 * time.Second}},
		{Name: "too many", Err: answer(429, map[string]string{"Retry-After": "9"}, ""), Want: resil.Verdict{Class: resil.Throttled, After: 9 * time.Second}},
		{Name: "used up until a time that has passed", Err: answer(403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, ""), Want: resil.Verdict{Class: resil.Throttled}},
		{Name: "abuse", Err: answer(403, nil, abuse), Want: resil.Verdict{Class: resil.Throttled}},
		{Name: "abuse of the past", Err: answer(403, map[string]string{"X-RateLimit-Reset": "1"}, abuse), Want: resil.Verdict{Class: resil.Throttled}},
		{Name: "secondary limit", Err: answer(429, map[string]string{"Retry-After": "60"}, secondary), Want: resil.Verdict{Class: resil.Throttled, After: time.Minute}},
		{Name: "a response that is missing", Err: &withoutResponse{}, Want: resil.Verdict{}},
		{Name: "deadline", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of GitHub", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyIssuesGitHub, (*github.ErrorResponse)(nil), (*github.RateLimitError)(nil), (*github.AbuseRateLimitError)(nil))
}

// withoutResponse wraps an error of GitHub that cannot say its text.
type withoutResponse struct{}

func (*withoutResponse) Error() string { return "text" }
func (*withoutResponse) Unwrap() error { return &github.ErrorResponse{} }

func TestLimitEndsAtItsReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(20 * time.Minute)
		err := answer(403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": strconv.FormatInt(reset.Unix(), 10)}, "")
		if !errors.As(err, new(*github.RateLimitError)) {
			t.Fatalf("the error is %T", err)
		}
		want := resil.Verdict{Class: resil.Throttled, After: 20 * time.Minute}
		if got := classifyIssuesGitHub(err); got != want {
			t.Errorf("the verdict is %+v, want %+v", got, want)
		}
	})
}

// serve starts a GitHub that answers with a status, and returns a guarded client of it.
func serve(t *testing.T, status int, header map[string]string) (*ResilientIssues, func() error, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	client := github.NewClient(server.Client())
	client.BaseURL, _ = url.Parse(server.URL + "/")
	guarded, err := NewResilientIssues(client.Issues, resil.WithOverrides(resil.Overrides{"Issues": {"retry": "initial=1ms"}}))
	if err != nil {
		t.Fatal(err)
	}
	return guarded, func() error {
		_, _, err := guarded.Get(t.Context(), "owner", "repo", 1)
		return err
	}, server
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	client, get, server := serve(t, 200, nil)
	server.Close()
	verdicttest.Dead(t, client.Resilience(), "Get", get)
}

func TestFailingServerOpensTheBreaker(t *testing.T) {
	client, get, _ := serve(t, 502, nil)
	verdicttest.Dead(t, client.Resilience(), "Get", get)
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, get, _ := serve(t, 404, nil)
	verdicttest.Answers(t, client.Resilience(), "Get", get)
}

func TestLimitThatLastsTooLongEndsTheCall(t *testing.T) {
	reset := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	client, get, _ := serve(t, 403, map[string]string{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})
	err := get()
	var e *resil.Error
	if !errors.Is(err, resil.ErrRetryLater) || !errors.As(err, &e) || e.RetryAfter() < 50*time.Minute {
		t.Errorf("the error is %v, want one that says to come back later", err)
	}
	if m := client.Resilience().Stats().Method("Get"); m.Attempts != 1 || m.Throttled != 1 {
		t.Errorf("the limit is not obeyed: %+v", m)
	}
}
