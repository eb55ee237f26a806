package report

import (
	"bytes"
	"errors"
	"testing"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestObserveAndStats(t *testing.T) {
	var out bytes.Buffer
	r := Report{W: &out}
	r.Observe(t.Context(), resil.Event{Kind: resil.EventRetryScheduled, Attempt: 2, Class: resil.Infrastructure, Delay: 12345 * time.Microsecond, Err: errors.New("gone")})
	r.Observe(t.Context(), resil.Event{Kind: resil.EventRetryScheduled, Attempt: 3, Class: resil.Throttled})
	r.Observe(t.Context(), resil.Event{Kind: resil.EventAttemptEnded})
	r.Observe(t.Context(), resil.Event{Kind: resil.EventStateChanged, Breaker: "Store", From: resil.StateClosed, To: resil.StateOpen})
	r.Stats(resil.Stats{Methods: []resil.MethodStats{{Name: "Get", Calls: 9, Succeeded: 8, Exhausted: 1, Attempts: 12, Retries: 3, RetriedSuccesses: 2}}})
	const want = `    attempt 1 failed, the next in 12ms: infrastructure: gone
    attempt 2 failed, the next in 0s: throttled
    breaker Store: closed → open

Statistics
  method  calls  succeeded  failed  given up  attempts  retries  saved by a retry  refused
     Get      9          8       0         1        12        3                 2        0
`
	if out.String() != want {
		t.Errorf("printed:\n%s\nwant:\n%s", &out, want)
	}
}
