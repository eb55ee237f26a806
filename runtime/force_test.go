package resil

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestForcedForATimeGoesOnWhereItWas(t *testing.T) {
	for name, force := range map[string]struct {
		act     func(*CircuitBreaker, time.Duration)
		refuses bool
		state   State
	}{
		"open":   {(*CircuitBreaker).ForceOpenFor, true, StateForcedOpen},
		"closed": {(*CircuitBreaker).ForceCloseFor, false, StateForcedClosed},
	} {
		forced := func(t *testing.T, c *Client, m *Method, left time.Duration) {
			t.Helper()
			wantState(t, c, force.state)
			s := c.Stats().Breaker("Store")
			if s.ForcedFor != left {
				t.Errorf("forced for %v more, want %v", s.ForcedFor, left)
			}
			err := Run(t.Context(), m, fail)
			if errors.Is(err, ErrOpen) != force.refuses {
				t.Errorf("got %v", err)
			}
			if own, ok := err.(*Error); ok && own.RetryAfter() < left {
				t.Errorf("refused for %v, want %v", own.RetryAfter(), left)
			}
		}
		t.Run("forced "+name+" from closed", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withBreaker(func(*Breaker) {}))
				for range 4 {
					Run(t.Context(), m, fail)
				}
				force.act(c.Breaker("Store"), 20*time.Second)
				time.Sleep(15 * time.Second)
				for range 10 {
					forced(t, c, m, 5*time.Second)
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				wantState(t, c, StateClosed)
				if s := c.Stats().Breaker("Store"); s.Failures != 4 || s.Streak != 4 || s.ForcedFor != 0 {
					t.Errorf("it went on with %+v", s)
				}
				Run(t.Context(), m, fail)
				wantState(t, c, StateOpen)
			})
		})
		t.Run("forced "+name+" from open", func(t *testing.T) {
			for d, then := range map[time.Duration]State{time.Second: StateOpen, time.Minute: StateHalfOpen} {
				synctest.Test(t, func(t *testing.T) {
					var seen []State
					c, m := newMethod(t, withBreaker(func(*Breaker) {}), WithObserver(func(_ context.Context, e Event) {
						if e.Kind == EventStateChanged {
							seen = append(seen, e.To)
						}
					}))
					trip(t, c, m)
					why := c.Stats().Breaker("Store").Opening
					force.act(c.Breaker("Store"), d)
					forced(t, c, m, d)
					time.Sleep(d)
					synctest.Wait()
					wantState(t, c, then)
					if s := c.Stats().Breaker("Store"); s.Opened != 1 || s.Opening != why {
						t.Errorf("it went on with %+v", s)
					}
					time.Sleep(time.Minute)
					Run(t.Context(), m, succeed)
					c.Flush(t.Context())
					want := []State{StateOpen, force.state, then}
					if then == StateOpen {
						want = append(want, StateHalfOpen)
					}
					if !slices.Equal(seen, want) {
						t.Errorf("changes to %v, want %v", seen, want)
					}
				})
			}
		})
	}
}

func TestWhatEndsAForcedState(t *testing.T) {
	for name, tt := range map[string]struct {
		then  func(*CircuitBreaker)
		soon  State // at once
		later State // after the first time has passed
		end   State // after an hour
	}{
		"nothing":                    {func(*CircuitBreaker) {}, StateForcedOpen, StateClosed, StateClosed},
		"Reset":                      {(*CircuitBreaker).Reset, StateClosed, StateClosed, StateClosed},
		"ForceOpen":                  {(*CircuitBreaker).ForceOpen, StateForcedOpen, StateForcedOpen, StateForcedOpen},
		"ForceClose":                 {(*CircuitBreaker).ForceClose, StateForcedClosed, StateForcedClosed, StateForcedClosed},
		"a longer time":              {func(c *CircuitBreaker) { c.ForceOpenFor(time.Minute) }, StateForcedOpen, StateForcedOpen, StateClosed},
		"the other for a time":       {func(c *CircuitBreaker) { c.ForceCloseFor(time.Minute) }, StateForcedClosed, StateForcedClosed, StateClosed},
		"no time":                    {func(c *CircuitBreaker) { c.ForceCloseFor(0) }, StateForcedOpen, StateClosed, StateClosed},
		"a time on top of ForceOpen": {func(c *CircuitBreaker) { c.ForceOpen(); c.ForceCloseFor(time.Minute) }, StateForcedClosed, StateForcedClosed, StateForcedOpen},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := newMethod(t, withBreaker(func(*Breaker) {}))
				b := c.Breaker("Store")
				b.ForceOpenFor(10 * time.Second)
				tt.then(b)
				wantState(t, c, tt.soon)
				time.Sleep(11 * time.Second)
				wantState(t, c, tt.later)
				time.Sleep(time.Hour)
				wantState(t, c, tt.end)
			})
		})
	}
}

// A retry waits for a state that is forced for a shorter time than its pause.
func TestARetryOutlastsAForcedState(t *testing.T) {
	for d, want := range map[time.Duration]int{50 * time.Millisecond: 2, time.Second: 1} {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withRetry(func(r *Retry) { r.Attempts = 2 })))
			calls := 0
			err := Run(t.Context(), m, func(context.Context) error {
				if calls++; calls == 1 {
					c.Breaker("Store").ForceOpenFor(d)
					return errDown
				}
				return nil
			})
			if calls != want || (err == nil) != (want == 2) {
				t.Errorf("forced for %v: %d attempts and %v", d, calls, err)
			}
		})
	}
}

func TestAKeyIsForcedForATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newMethod(t, withBreaker(func(b *Breaker) { b.Per = "peer" }))
		get := keyedMethod[string](c, "Get")
		c.Breaker("Store").For("bad").ForceOpenFor(time.Minute)
		if err := Run(t.Context(), get.For("bad"), succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("bad got %v", err)
		}
		if n := c.Stats().Breaker("Store").OpenKeys; n != 1 {
			t.Errorf("%d open keys", n)
		}
		time.Sleep(61 * time.Second)
		if err := Run(t.Context(), get.For("bad"), succeed); err != nil {
			t.Errorf("bad got %v a minute later", err)
		}
		if n := c.Stats().Breaker("Store").OpenKeys; n != 0 {
			t.Errorf("%d open keys a minute later", n)
		}
	})
}

// What was forced goes on with the window that is in force by then.
func TestApplyReachesWhatGoesOnAfterAForcedState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		Run(t.Context(), m, fail)
		c.Breaker("Store").ForceOpenFor(time.Second)
		apply(t, c, Overrides{"Store": {"breaker": "window=5s"}})
		time.Sleep(2 * time.Second)
		if s := c.Stats().Breaker("Store"); s.Failures != 1 {
			t.Errorf("it went on with %+v", s)
		}
		time.Sleep(6 * time.Second)
		if s := c.Stats().Breaker("Store"); s.Failures != 0 {
			t.Errorf("a window of 5s holds %+v", s)
		}
	})
}
