package resil

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func withHedge(h Hedge) func(*Spec, *MethodSpec) {
	return func(_ *Spec, m *MethodSpec) { m.Hedge = copyOf(&h) }
}

// lanes answers the n-th call it gets after a time with a value and an error, as
// a cooperative callee does.
type lane struct {
	after time.Duration
	err   error
}

func lanes(ls ...lane) (f func(context.Context) (int, error), discard func(int), discarded func() []int) {
	var mu sync.Mutex
	var n int
	var thrown []int
	f = func(ctx context.Context) (int, error) {
		mu.Lock()
		l, value := ls[n], n+1
		n++
		mu.Unlock()
		select {
		case <-time.After(l.after):
			return value, l.err
		case <-ctx.Done():
			return -value, ctx.Err()
		}
	}
	discard = func(v int) { mu.Lock(); defer mu.Unlock(); thrown = append(thrown, v) }
	discarded = func() []int { mu.Lock(); defer mu.Unlock(); slices.Sort(thrown); return thrown }
	return f, discard, discarded
}

func TestHedge(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name      string
		max       int
		lanes     []lane
		value     int
		err       error
		took      time.Duration
		hedges    uint64
		wins      uint64
		discarded []int
	}{
		{"a fast call is not hedged", 1, []lane{{after: 40 * ms}}, 1, nil, 40 * ms, 0, 0, nil},
		{"a hedge beats a slow call", 1, []lane{{after: 500 * ms}, {after: 10 * ms}}, 2, nil, 60 * ms, 1, 1, []int{-1}},
		{"the first call may still win", 1, []lane{{after: 60 * ms}, {after: 500 * ms}}, 1, nil, 60 * ms, 1, 0, []int{-2}},
		{"a hedge that fails fast does not beat a slow success", 1, []lane{{after: 300 * ms}, {after: ms, err: errDown}}, 1, nil, 300 * ms, 1, 0, []int{2}},
		{"a call that fails fast starts its hedge at once", 1, []lane{{after: ms, err: errDown}, {after: 10 * ms}}, 2, nil, 11 * ms, 1, 1, []int{1}},
		{"and the next one, one delay after it", 2, []lane{{after: ms, err: errDown}, {after: 500 * ms}, {after: 10 * ms}}, 3, nil, 61 * ms, 2, 1, []int{-2, 1}},
		{"a hedge that fails fast starts the next at once", 2, []lane{{after: 500 * ms}, {after: ms, err: errDown}, {after: 10 * ms}}, 3, nil, 61 * ms, 2, 1, []int{-1, 2}},
		{"no more than max, however fast they fail", 2, []lane{{after: ms, err: errDown}, {after: ms, err: errDown}, {after: ms, err: errDown}}, 1, errDown, 3 * ms, 2, 0, []int{2, 3}},
		{"a throttled call holds its hedge back for as long as it is told", 2, []lane{{after: 500 * ms}, {after: ms, err: Throttle(errNotFound, 200*ms)}, {after: 10 * ms}}, 3, nil, 261 * ms, 2, 1, []int{-1, 2}},
		{"any hint does", 2, []lane{{after: 500 * ms}, {after: ms, err: Infra(askedFor(200 * ms))}, {after: 10 * ms}}, 3, nil, 261 * ms, 2, 1, []int{-1, 2}},
		{"a throttled call without a hint leaves the next to its time", 2, []lane{{after: 500 * ms}, {after: ms, err: Throttle(errNotFound, 0)}, {after: 10 * ms}}, 3, nil, 110 * ms, 2, 1, []int{-1, 2}},
		{"nobody waits for a hint while nothing is under way", 1, []lane{{after: ms, err: Throttle(errNotFound, 200*ms)}}, 1, errNotFound, ms, 0, 0, nil},
		{"a hedge's answer ends the race", 1, []lane{{after: 500 * ms}, {after: 10 * ms, err: errNotFound}}, 2, errNotFound, 60 * ms, 1, 1, []int{-1}},
		{"the first call's answer does", 1, []lane{{after: 60 * ms, err: errNotFound}, {after: 500 * ms}}, 1, errNotFound, 60 * ms, 1, 0, []int{-2}},
		{"so does what repeating cannot change", 1, []lane{{after: 500 * ms}, {after: 10 * ms, err: System(errNotFound)}}, 2, errNotFound, 60 * ms, 1, 1, []int{-1}},
		{"a hedge saves a call that fails late", 1, []lane{{after: 100 * ms, err: errDown}, {after: 100 * ms}}, 2, nil, 150 * ms, 1, 1, []int{1}},
		{"both fail: the first call's results", 1, []lane{{after: 100 * ms, err: errDown}, {after: 100 * ms, err: Infra(errNotFound)}}, 1, errDown, 150 * ms, 1, 0, []int{2}},
		{"an answer outlives a failure", 1, []lane{{after: 100 * ms, err: errDown}, {after: 100 * ms, err: errNotFound}}, 2, errNotFound, 150 * ms, 1, 1, []int{1}},
		{"up to max, one each delay", 3, []lane{{after: 500 * ms}, {after: 500 * ms}, {after: 500 * ms}, {after: 5 * ms}}, 4, nil, 155 * ms, 3, 1, []int{-3, -2, -1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withHedge(Hedge{Delay: 50 * ms, Max: tt.max}))
				f, discard, discarded := lanes(tt.lanes...)
				start := time.Now()
				v, err := Hedged(t.Context(), m, f, discard)
				if v != tt.value || !errors.Is(err, tt.err) {
					t.Errorf("got %d, %v; want %d, %v", v, err, tt.value, tt.err)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				s := c.Stats().Method("Get")
				if s.Hedges != tt.hedges || s.HedgeWins != tt.wins || s.Attempts != tt.hedges+1 || s.Retries != 0 || s.Calls != 1 {
					t.Errorf("stats %+v", s)
				}
				if got := discarded(); !slices.Equal(got, tt.discarded) {
					t.Errorf("discarded %v, want %v", got, tt.discarded)
				}
			})
		})
	}
}

func TestHedgeIsMarkedAndSpendsTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withHedge(Hedge{Delay: time.Millisecond, Max: 1}), withRetry(func(r *Retry) { r.Attempts = 1 })))
		var mu sync.Mutex
		var seen []int
		slow := func(ctx context.Context) (int, error) {
			mu.Lock()
			seen = append(seen, Attempt(ctx))
			mu.Unlock()
			time.Sleep(2 * time.Millisecond)
			return 1, nil
		}
		Hedged(t.Context(), m, slow, nil)
		if !slices.Equal(seen, []int{1, 2}) {
			t.Errorf("attempts %v, want the hedge marked as the second", seen)
		}
		spendAll(c)
		Hedged(t.Context(), m, slow, nil)
		if s := c.Stats().Method("Get"); s.Hedges != 1 {
			t.Errorf("%d hedges, want none without a budget", s.Hedges-1)
		}
		Hedged(NoRetry(t.Context()), m, slow, nil)
		if s := c.Stats().Method("Get"); s.Hedges != 1 {
			t.Errorf("%d hedges, want none under NoRetry", s.Hedges-1)
		}
	})
}

func TestRefusedHedgeDoesNotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observe, lines := recordEvents()
		c, m := newMethod(t, withAll(withHedge(Hedge{Delay: time.Millisecond, Max: 1}), withBulkhead(Bulkhead{Calls: 1}), withRetry(func(*Retry) {})), WithObserver(observe))
		f, discard, _ := lanes(lane{after: time.Second})
		if v, err := Hedged(t.Context(), m, f, discard); v != 1 || err != nil {
			t.Errorf("got %d, %v", v, err)
		}
		if s := c.Stats().Method("Get"); s.Hedges != 0 || s.Attempts != 1 || s.Succeeded != 1 || s.Full != 0 {
			t.Errorf("stats %+v", s)
		}
		if want := []string{"refused Get 2 by bulkhead Store enforce", "attempt ended Get 1 success", "call ended Get succeeded after 1 in 1s"}; !slices.Equal(lines(), want) {
			t.Errorf("events %q, want %q", lines(), want)
		}
		if left := spendAll(c); left != reserveTokens {
			t.Errorf("it left %d tokens of %d", left, reserveTokens)
		}
	})
}

func TestHedgeOfARefusedAttemptGivesTheResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		_, m := newMethod(t, withAll(withHedge(Hedge{Delay: 50 * ms, Max: 1}), withBulkhead(Bulkhead{Calls: 1, Wait: 100 * ms})))
		go Run(context.Background(), m, func(context.Context) error { time.Sleep(120 * ms); return nil })
		synctest.Wait()
		f, discard, discarded := lanes(lane{err: errDown})
		v, err := Hedged(t.Context(), m, f, discard)
		var e *Error
		if v != 1 || !errors.As(err, &e) || e.Reason != ErrFull || e.Attempts != 1 || !errors.Is(err, errDown) {
			t.Errorf("got %d, %v; want 1, ErrFull after 1 attempt around the hedge's error", v, err)
		}
		if got := discarded(); got != nil {
			t.Errorf("discarded %v", got)
		}
	})
}

func TestEachRetryIsHedged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withHedge(Hedge{Delay: 50 * time.Millisecond, Max: 1}), withRetry(func(r *Retry) { r.Backoff = BackoffConstant })))
		failing := lane{after: 60 * time.Millisecond, err: errDown}
		f, discard, discarded := lanes(failing, failing, failing, lane{after: time.Millisecond})
		v, err := Hedged(t.Context(), m, f, discard)
		if v != 4 || err != nil {
			t.Errorf("got %d, %v; want 4, nil", v, err)
		}
		if s := c.Stats().Method("Get"); s.Attempts != 4 || s.Hedges != 2 || s.Retries != 1 || s.RetriedSuccesses != 1 || s.HedgeWins != 1 {
			t.Errorf("stats %+v", s)
		}
		if got := discarded(); !slices.Equal(got, []int{1, 2, 3}) && !slices.Equal(got, []int{-3, 1, 2}) {
			t.Errorf("discarded %v, want all but the winner", got)
		}
	})
}

func TestRefusedRoundKeepsTheLastResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(withHedge(Hedge{Delay: time.Hour, Max: 1}), withRetry(func(*Retry) {}), withBreaker(func(b *Breaker) { b.Consecutive = 1 })))
		f, discard, discarded := lanes(lane{err: errDown})
		v, err := Hedged(t.Context(), m, f, discard)
		var e *Error
		if v != 1 || !errors.As(err, &e) || e.Reason != ErrOpen || e.Attempts != 1 || !errors.Is(err, errDown) {
			t.Errorf("got %d, %v; want 1, ErrOpen after 1 attempt around the last error", v, err)
		}
		if got := discarded(); got != nil {
			t.Errorf("discarded %v", got)
		}
	})
}

func TestPanicInAHedgeSurfacesInTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withHedge(Hedge{Delay: time.Millisecond, Max: 1}))
		boom := errors.New("boom")
		defer func() {
			p, ok := recover().(*HedgePanic)
			if !ok || p.Value != any(boom) || !errors.Is(p, boom) || !strings.Contains(string(p.Stack), "TestPanicInAHedge") {
				t.Errorf("recovered %v, want the hedge's panic with its stack", p)
			}
			if s := c.Stats().Method("Get"); s.Panicked != 1 || s.Calls != 1 {
				t.Errorf("stats %+v", s)
			}
		}()
		Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
			if Attempt(ctx) == 2 {
				panic(boom)
			}
			<-ctx.Done()
			return 0, ctx.Err()
		}, nil)
	})
}

func TestGoexitInAHedgeEndsTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The first attempt gives up its place in line before the hedge gets there.
		c, m := newMethod(t, withAll(withHedge(Hedge{Delay: 10 * time.Millisecond, Max: 1}), withBulkhead(Bulkhead{Calls: 1, Wait: 20 * time.Millisecond})))
		var wg sync.WaitGroup
		wg.Go(func() {
			Run(context.Background(), m, func(context.Context) error { time.Sleep(25 * time.Millisecond); return nil })
		})
		synctest.Wait()
		wg.Go(func() {
			v, err := Hedged(context.Background(), m, func(context.Context) (int, error) { runtime.Goexit(); return 1, nil }, nil)
			t.Errorf("the call returned %d, %v", v, err)
		})
		wg.Wait()
		if s := c.Stats().Method("Get"); s.Panicked != 1 || s.Calls != 2 || s.Attempts != 2 {
			t.Errorf("stats %+v", s)
		}
	})
}

// Where discard does not return, nobody gets a result of the call: all are discarded,
// each once, and the call counts as one that panicked.
func TestPanicInDiscardIsCountedAndLosesNoResult(t *testing.T) {
	for name, exit := range map[string]func(){"panics": func() { panic("discard") }, "ends its goroutine": runtime.Goexit} {
		for _, tt := range []struct {
			name     string
			delay    time.Duration
			answer   func(n int) (time.Duration, error)
			attempts int
		}{
			{"at the end", time.Millisecond, func(int) (time.Duration, error) { return 20 * time.Millisecond, nil }, 4},
			{"after a failure", time.Hour, func(int) (time.Duration, error) { return 0, errDown }, 4},
			{"between rounds", time.Hour, func(int) (time.Duration, error) { return 0, Throttle(errNotFound, 0) }, 2},
		} {
			t.Run(name+" "+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, m := newMethod(t, withAll(withHedge(Hedge{Delay: tt.delay, Max: 3}), withRetry(func(*Retry) {})))
					var mu sync.Mutex
					given, thrown := 0, map[int]int{}
					var wg sync.WaitGroup
					wg.Go(func() {
						defer func() { _ = recover() }()
						_, err := Hedged(context.Background(), m, func(context.Context) (int, error) {
							mu.Lock()
							given++
							n := given
							mu.Unlock()
							takes, err := tt.answer(n)
							time.Sleep(takes)
							return n, err
						}, func(v int) {
							mu.Lock()
							thrown[v]++
							mu.Unlock()
							exit()
						})
						t.Errorf("the call returned %v", err)
					})
					wg.Wait()
					for n := 1; n <= given; n++ {
						if thrown[n] != 1 {
							t.Errorf("result %d was discarded %d times, want once", n, thrown[n])
						}
					}
					s := c.Stats().Method("Get")
					if s.Panicked != 1 || s.Calls != 1 || s.Attempts != uint64(tt.attempts) || s.HedgeWins != 0 ||
						s.Success+s.Infrastructure+s.Throttled != uint64(given) {
						t.Errorf("stats %+v", s)
					}
				})
			})
		}
	}
}

func TestPanicInTheFirstAttemptWaitsForItsHedges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withHedge(Hedge{Delay: time.Millisecond, Max: 1}))
		ended := false
		defer func() {
			if recover() != "boom" || !ended {
				t.Error("the hedge was left behind, or the panic is lost")
			}
		}()
		Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
			if Attempt(ctx) == 2 {
				<-ctx.Done()
				time.Sleep(time.Second)
				ended = true
				return 0, ctx.Err()
			}
			time.Sleep(2 * time.Millisecond)
			panic("boom")
		}, nil)
	})
}

func TestNobodyGetsTheSuccessOfACallThatPanics(t *testing.T) {
	boom := func() { panic("boom") }
	for _, tt := range []struct {
		name          string
		winner, loser int
		exit          func() // of the loser, once it has lost
	}{
		{"the first attempt panics", 2, 1, boom},
		{"the first attempt ends its goroutine", 2, 1, runtime.Goexit},
		{"the hedge panics", 1, 2, boom},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withHedge(Hedge{Delay: 10 * time.Millisecond, Max: 1}))
				var thrown []int
				done := make(chan bool)
				go func() {
					defer close(done)
					defer func() { recover() }()
					Hedged(context.Background(), m, func(ctx context.Context) (int, error) {
						if Attempt(ctx) == tt.loser {
							<-ctx.Done()
							tt.exit()
						}
						time.Sleep(20 * time.Millisecond)
						return tt.winner, nil
					}, func(v int) { thrown = append(thrown, v) })
				}()
				<-done
				if !slices.Contains(thrown, tt.winner) {
					t.Errorf("discarded %v, want the winner's %d among them", thrown, tt.winner)
				}
				if s := c.Stats().Method("Get"); s.Panicked != 1 || s.Calls != 1 || s.HedgeWins != 0 {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

func TestPanicInAHedgedRetryIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withHedge(Hedge{Delay: time.Hour, Max: 1}), withRetry(func(*Retry) {})))
		func() {
			defer func() {
				if r := recover(); r != "boom" {
					t.Errorf("recovered %v, want the panic as it was", r)
				}
			}()
			Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
				if Attempt(ctx) == 3 { // after the first and the hedge that its failure started
					panic("boom")
				}
				return 0, errDown
			}, nil)
		}()
		if s := c.Stats().Method("Get"); s.Panicked != 1 || s.Calls != 1 || s.Attempts != 3 || s.Hedges != 1 || s.Retries != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestAttemptsThatLoseARaceCountForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withHedge(Hedge{Delay: time.Millisecond, Max: 1}), withBreaker(func(b *Breaker) { b.Consecutive = 1 })))
		for range 5 {
			f, discard, _ := lanes(lane{after: time.Hour}, lane{after: time.Millisecond})
			if v, err := Hedged(t.Context(), m, f, discard); v != 2 || err != nil {
				t.Fatalf("got %d, %v", v, err)
			}
		}
		wantState(t, c, StateClosed)
		if s := c.Stats().Breaker("Store"); s.Successes != 5 || s.Failures != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}
