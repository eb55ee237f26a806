package resil

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// byStatus classifies as generated code does for responses.
func byStatus(status int, err error) Verdict {
	if err != nil {
		return Verdict{}
	}
	return HTTPResponse(status, nil)
}

// A response that fails by its status is told with it, wherever an error would be, and
// comes back as it is.
func TestAResponseThatFailsIsToldByItsStatus(t *testing.T) {
	for _, tt := range []struct {
		status   int
		classify func(int, error) Verdict
		want     string
	}{
		{503, byStatus, "the response says 503 Service Unavailable"},
		{429, byStatus, "the response says 429 Too Many Requests"},
		{599, byStatus, "the response says 599"},
		{503, func(int, error) Verdict { return Verdict{Class: Infrastructure} }, "the result says that the call failed"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := map[EventKind]error{}
				observe := func(_ context.Context, e Event) { told[e.Kind] = e.Err }
				c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withRetry(func(r *Retry) { r.Attempts = 2 })), WithObserver(observe))
				got, err := CallClassified(t.Context(), m, func(context.Context) (int, error) { return tt.status, nil }, tt.classify)
				if got != tt.status || err != nil {
					t.Errorf("the call returned %d, %v; want %d, nil", got, err, tt.status)
				}
				says := func(what string, err error) {
					if err == nil || err.Error() != tt.want || !errors.Is(err, ErrResult) {
						t.Errorf("%s is %v, want %q", what, err, tt.want)
					}
				}
				says("of the attempt", told[EventAttemptEnded])
				says("of the retry", told[EventRetryScheduled])
				var ended *Error
				if !errors.As(told[EventCallEnded], &ended) || ended.Reason != ErrExhausted {
					t.Errorf("the call ended with %v", told[EventCallEnded])
				} else {
					says("of the call", ended.Err)
				}
				if tt.status != 429 { // the breaker does not count that
					says("of the breaker", c.Stats().Breaker("Store").LastError)
				}
				cause := FallsBackClassified(t.Context(), m, err, func(err error) Verdict { return tt.classify(got, err) })
				says("of the fallback", cause)
			})
		})
	}
}

// Other errors say what an earlier response said.
func TestATimeoutTellsTheStatusBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(withRetry(func(r *Retry) { r.Attempts = 2 }), func(_ *Spec, m *MethodSpec) { m.Timeout = &Timeout{Total: time.Second} }))
		n := 0
		_, err := CallClassified(t.Context(), m, func(ctx context.Context) (int, error) {
			if n++; n == 1 {
				return 502, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		}, byStatus)
		const want = "Store.Get: timed out (2 attempts made): context deadline exceeded; an earlier attempt: the response says 502 Bad Gateway"
		if err == nil || err.Error() != want || !errors.Is(err, ErrResult) || !errors.Is(err, ErrTimeout) {
			t.Errorf("%v, want %s", err, want)
		}
	})
}

func TestAResponseThatAnswersNoIsToldByItsStatus(t *testing.T) {
	var told error
	_, m := newMethod(t, func(*Spec, *MethodSpec) {}, WithObserver(func(_ context.Context, e Event) { told = e.Err }))
	if got, err := CallClassified(t.Context(), m, func(context.Context) (int, error) { return 404, nil }, byStatus); got != 404 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
	if told == nil || told.Error() != "the response says 404 Not Found" {
		t.Errorf("the call ended with %v", told)
	}
	if _, err := CallClassified(t.Context(), m, func(context.Context) (int, error) { return 200, nil }, byStatus); err != nil || told != nil {
		t.Errorf("a success: %v, %v", err, told)
	}
}

// What stands for a response has the class of its status.
func TestTheErrorOfAStatusHasItsClass(t *testing.T) {
	for _, status := range []int{408, 429, 502, 503, 504} {
		if got, want := ClassOf(failedStatus(status)), HTTPStatus(status).Class; got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}

func TestReasonPhrases(t *testing.T) {
	for status := 400; status < 600; status++ {
		own, theirs := reasonPhrases[failedStatus(status)], http.StatusText(status)
		switch status {
		case 413, 414, 416, 422: // net/http has the names of older RFCs
		case 418, 510: // not used
		default:
			if own != theirs {
				t.Errorf("%d: %q, want %q", status, own, theirs)
			}
		}
	}
}

func TestAResponseThatSucceedsAllocatesNothing(t *testing.T) {
	m, ctx := newClient(t, fullSpec()).Method("Get"), context.Background()
	if n := testing.AllocsPerRun(1000, func() {
		_, _ = CallClassified(ctx, m, func(context.Context) (int, error) { return 200, nil }, byStatus)
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
