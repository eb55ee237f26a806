package resil

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// withLog returns an observer that logs from a level on, and its lines without the time.
func withLog(level slog.Level) (Option, func() []string) {
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	return WithObserver(LogObserver(slog.New(handler))), func() []string {
		return strings.Split(strings.TrimSpace(out.String()), "\n")
	}
}

func TestLogTellsAnOperatorWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observe, lines := withLog(slog.LevelInfo)
		c, m := newMethod(t, withAll(withBreaker(func(b *Breaker) { b.Probes = 1 }), withRetry(func(r *Retry) { r.Attempts = 2; r.Budget = 1 })), observe, WithName("eu"))
		for range 100 {
			m.FallsBack(t.Context(), Run(t.Context(), m, fail))
		}
		time.Sleep(40 * time.Second)
		for range 100 {
			Run(t.Context(), m, succeed)
		}
		c.Breaker("Store").ForceCloseFor(time.Minute)
		for range 200 {
			Run(t.Context(), m, fail)
		}
		time.Sleep(time.Hour)
		apply(t, c, Overrides{"eu": {"retry": "max=5s"}})
		m.FallsBack(t.Context(), errDown)
		c.Flush(t.Context())
		var got []string
		for _, line := range lines() {
			for _, chance := range []string{" open="} { // jitter
				if before, after, ok := strings.Cut(line, chance); ok && !strings.Contains(line, "forced") {
					_, after, _ = strings.Cut(after, " ")
					line = before + " " + after
				}
			}
			got = append(got, line)
		}
		want := []string{
			`level=WARN msg="circuit breaker opened" event.name=resil.breaker.state_changed client=eu breaker=Store from=closed to=open rule=consecutive successes=0 failures=5 streak=5 error="backend is down"`,
			`level=INFO msg="fallback answers" event.name=resil.call.fell_back client=eu method=Get error="eu.Get: all attempts failed (2 attempts made): backend is down"`,
			`level=INFO msg="circuit breaker closed" event.name=resil.breaker.state_changed client=eu breaker=Store from=half-open to=closed`,
			`level=WARN msg="circuit breaker forced closed" event.name=resil.breaker.state_changed client=eu breaker=Store from=closed to=forced-closed`,
			`level=WARN msg="retry budget spent" event.name=resil.budget.spent client=eu method=Get error="eu.Get: client-side retry budget spent (1 attempt made): backend is down"`,
			`level=INFO msg="circuit breaker closed" event.name=resil.breaker.state_changed client=eu breaker=Store from=forced-closed to=closed`,
			`level=INFO msg="overrides applied" event.name=resil.overrides.applied client=eu changes="[eu.Get: retry max 30s → 5s]"`,
			`level=INFO msg="fallback answers" event.name=resil.call.fell_back client=eu method=Get omitted=99 error="backend is down"`,
		}
		sortLines := cmp.Transformer("sorted", func(in []string) map[string]int {
			counts := map[string]int{}
			for _, line := range in {
				counts[line]++
			}
			return counts
		})
		if diff := cmp.Diff(want, got, sortLines); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// An operator can live with what a thousand keys and a day of outage bring.
func TestLogDoesNotGrowWithCallsAndKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observe, lines := withLog(slog.LevelInfo)
		c, _ := newMethod(t, withBreaker(func(b *Breaker) { b.Per = "peer" }), observe)
		get := keyedMethod[int](c, "Get")
		for range 10 {
			for key := range 200 {
				for range 5 {
					m := get.For(key)
					m.FallsBack(t.Context(), Run(t.Context(), m, fail))
				}
			}
			c.Flush(t.Context())
			time.Sleep(time.Minute)
		}
		if n := len(lines()); n > 10*(10+1) || n < 10*(10+1)-1 {
			t.Errorf("%d lines in ten minutes, want 10 of the breaker and 1 of fallbacks in each", n)
		}
		last := lines()[len(lines())-1]
		if !strings.Contains(strings.Join(lines(), "\n"), "omitted=190") {
			t.Errorf("nothing says how many lines were left out: %s", last)
		}
	})
}

func TestLogTellsADeveloperAboutCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observe, lines := withLog(slog.LevelDebug)
		_, m := newMethod(t, withAll(withRetry(func(r *Retry) { r.Attempts = 2 }), withLimit(Limit{Rate: Rate{Count: 3, Per: time.Hour}})), observe)
		Run(t.Context(), m, succeed)
		Run(t.Context(), m, fail)
		Run(t.Context(), m, succeed)
		want := []string{
			`level=DEBUG msg="attempt failed" event.name=resil.attempt.failed client=Store method=Get attempt=1 class=infrastructure elapsed=0s error="backend is down"`,
			`level=DEBUG msg="retry scheduled" event.name=resil.retry.scheduled client=Store method=Get attempt=2 class=infrastructure delay=100ms error="backend is down"`,
			`level=DEBUG msg="attempt failed" event.name=resil.attempt.failed client=Store method=Get attempt=2 class=infrastructure elapsed=0s error="backend is down"`,
			`level=DEBUG msg="call failed" event.name=resil.call.failed client=Store method=Get attempts=2 outcome=exhausted elapsed=100ms error="Store.Get: all attempts failed (2 attempts made): backend is down"`,
			`level=DEBUG msg="attempt refused" event.name=resil.attempt.refused client=Store method=Get attempt=1 guard=limit name=Store mode=enforce error="Store.Get: client-side rate limit reached, retry after`,
			`level=DEBUG msg="call failed" event.name=resil.call.failed client=Store method=Get attempts=0 outcome=limited elapsed=0s error="Store.Get: client-side rate limit reached, retry after`,
		}
		var got []string
		for _, line := range lines() {
			line, _, _ = strings.Cut(line, " 19m")
			got = append(got, line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestWhatIsNotLoggedAllocatesNothing(t *testing.T) {
	observe, lines := withLog(slog.LevelInfo)
	c := newClient(t, fullSpec(), observe)
	m, ctx := c.Method("Get"), context.Background()
	next := func(context.Context, string) (int, error) { return 42, nil }
	if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
		t.Errorf("a success: %v allocations, want 0", n)
	}
	c.Breaker("Store").ForceOpen()
	c.Flush(ctx)
	if _, err := generatedGet(ctx, m, "a", next); !errors.Is(err, ErrOpen) {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
		t.Errorf("a refusal: %v allocations, want 0", n)
	}
	if n := len(lines()); n != 1 {
		t.Errorf("%d lines, want that of the forced breaker", n)
	}
}

func TestLogDoesNotWarnOfABreakerThatRefusesNothing(t *testing.T) {
	observe, lines := withLog(slog.LevelInfo)
	c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Mode = ModeObserve; b.Consecutive = 1 }), observe)
	Run(t.Context(), m, fail)
	c.Flush(t.Context())
	if got := lines(); len(got) != 1 || !strings.HasPrefix(got[0], `level=INFO msg="circuit breaker opened"`) || !strings.Contains(got[0], "mode=observe") {
		t.Errorf("got %q", got)
	}
}

func TestLogGoesToTheDefaultWithoutALogger(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	observe := LogObserver(nil)
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	observe(context.Background(), Event{Kind: EventFellBack, Client: "Store", Method: "Get"})
	if !strings.Contains(out.String(), "fallback answers") {
		t.Errorf("got %q", out.String())
	}
}
