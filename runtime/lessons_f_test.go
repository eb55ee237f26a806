package resil

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What users of such libraries report: section F of the lessons. Each test is one line
// of that section, in its order.

// F1. Waiters that hold reservations and give up leave their debt behind: callers
// that cancelled after 200 ms pressed a limit of 10/s with wait=1s down to 13 calls a
// minute.
func TestLessonF1_WaitersThatGiveUpLeaveTheRateAlone(t *testing.T) {
	for _, wait := range []time.Duration{0, 250 * time.Millisecond, time.Second, 5 * time.Second} {
		for _, asked := range []int{12, 20, 100} {
			t.Run(fmt.Sprintf("wait=%v asked=%d/s", wait, asked), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 10, Per: time.Second}, Burst: 1, Wait: wait}))
					start := time.Now()
					var through atomic.Int64
					var wg sync.WaitGroup
					for range 60 * asked {
						ctx, cancel := context.WithCancel(t.Context())
						time.AfterFunc(200*time.Millisecond, cancel)
						wg.Go(func() {
							Run(ctx, m, func(context.Context) error {
								if time.Since(start) <= time.Minute {
									through.Add(1)
								}
								return nil
							})
						})
						time.Sleep(time.Second / time.Duration(asked))
					}
					wg.Wait()
					// Those who do not wait leave tokens lying until the next one comes.
					if n := through.Load(); wait > 0 && n < 588 || n < 350 || n > 601 {
						t.Errorf("%d calls in a minute went through a limit of 10/s", n)
					}
				})
			})
		}
	}
	for _, apart := range []time.Duration{0, time.Millisecond} {
		t.Run(fmt.Sprintf("all give up, %v apart", apart), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 10, Per: time.Second}, Burst: 1, Wait: time.Minute}))
				Run(t.Context(), m, succeed)
				var wg sync.WaitGroup
				for i := range 50 {
					ctx, cancel := context.WithCancel(t.Context())
					wg.Go(func() { Run(ctx, m, succeed) })
					time.AfterFunc(50*time.Millisecond+time.Duration(i)*apart, cancel)
					synctest.Wait() // they join in this order
				}
				wg.Wait()
				start := time.Now()
				if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) > 100*time.Millisecond {
					t.Errorf("with nobody in the line a call waited %v for a limit of 10/s: %v", time.Since(start), err)
				}
			})
		})
	}
}

// F2. An HTTP/2 stream that is reset, a connection that goes away and an answer that
// is cut in its status line are of unexported types or of none: twenty dead calls were
// twenty successes.
func TestLessonF2_DeadConnectionsAreFailures(t *testing.T) {
	for _, tt := range []struct {
		name string
		url  string
	}{
		{"reset", serveHTTP2(t, func(conn net.Conn, stream uint32) { writeFrame(conn, frameReset, 0, stream, 2) })},
		{"gone", serveHTTP2(t, func(conn net.Conn, stream uint32) {
			writeFrame(conn, frameGoAway, 0, 0, stream, 0)
			conn.(*net.TCPConn).CloseWrite()
		})},
		{"cut", "http://" + serve(t, func(conn net.Conn) {
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, "HTTP/1.1 20")
			conn.Close()
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p http.Protocols
			p.SetUnencryptedHTTP2(tt.name != "cut")
			p.SetHTTP1(tt.name == "cut")
			transport := &http.Transport{Protocols: &p}
			defer transport.CloseIdleConnections()
			c, m := newMethod(t, withBreaker(func(*Breaker) {}))
			for range 20 {
				Run(t.Context(), m, func(ctx context.Context) error {
					req, _ := http.NewRequestWithContext(ctx, "GET", tt.url, nil)
					resp, err := (&http.Client{Transport: transport}).Do(req)
					if err == nil {
						resp.Body.Close()
					}
					return err
				})
			}
			if b := c.Stats().Breaker("Store"); b.State != StateOpen || b.Successes != 0 {
				t.Errorf("after 20 dead calls the breaker is %v, with %d successes", b.State, b.Successes)
			}
		})
	}
}

// So is a connection of another protocol that is closed before the answer.
func TestLessonF2_ClosedConnectionsAreFailures(t *testing.T) {
	addr := serve(t, func(conn net.Conn) {
		bufio.NewReader(conn).ReadString('\n')
		conn.Close()
	})
	c, m := newMethod(t, withBreaker(func(*Breaker) {}))
	for range 20 {
		Run(t.Context(), m, func(ctx context.Context) error {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				return err
			}
			defer conn.Close()
			io.WriteString(conn, "GET k\r\n")
			_, err = bufio.NewReader(conn).ReadString('\n')
			return err // io.EOF
		})
	}
	if b := c.Stats().Breaker("Store"); b.State != StateOpen {
		t.Errorf("after 20 calls that were cut off the breaker is %v, with %d successes", b.State, b.Successes)
	}
}

// F3. ctx.Err() lags behind the clock: a connection that has the context's deadline
// reports it first, and a server that is told of it answers before it
// (golang/go#31863). Both are time-outs all the same.
func TestLessonF3_TheClockTellsWhoseTimeRanOut(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration // from the start of the attempt, whose timeout is a second
		err   error
	}{
		"a connection's deadline": {time.Second, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}},
		"a server's answer":       {990 * time.Millisecond, fmt.Errorf("server: %w", context.DeadlineExceeded)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withAll(withTimeouts(0, time.Second), withBreaker(func(*Breaker) {})))
				err := Run(t.Context(), m, func(context.Context) error { time.Sleep(tt.after); return tt.err })
				if !errors.Is(err, ErrTimeout) {
					t.Errorf("got %v, want ErrTimeout", err)
				}
			})
		})
	}
}

// F4. Five failures in a row overrule a ratio of 50 %: with 20 % of failures at 1,000
// calls a second, 91 % of the calls were refused.
func TestLessonF4_StreakDoesNotOverruleTheRatio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAutoBreaker(func(*Breaker) {}))
		rng := rand.New(rand.NewPCG(1, 2))
		refused := 0
		const n = 300_000 // five minutes
		for range n {
			err := Run(t.Context(), m, func(context.Context) error {
				if rng.Float64() < 0.2 {
					return errDown
				}
				return nil
			})
			if errors.Is(err, ErrOpen) {
				refused++
			}
			time.Sleep(time.Millisecond)
		}
		if refused > n/10 {
			t.Errorf("%d of %d calls were refused, opened %d times", refused, n, c.Stats().Breaker("Store").Opened)
		}
	})
}

// F4. One lost connection with five calls on it, at 1,000 calls a second, was 30 s of
// refusals.
func TestLessonF4_ALostConnectionOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAutoBreaker(func(*Breaker) {}))
		for range 120 {
			for range 1000 {
				Run(t.Context(), m, succeed)
				time.Sleep(time.Millisecond)
			}
			for range 5 {
				Run(t.Context(), m, fail)
			}
			wantState(t, c, StateClosed)
		}
	})
}

// F5. Hasty callers open a healthy backend through the ratio (circuit#94): half of the
// callers gave 2 ms to a backend that takes 20 ms, and 45 of 50 patient ones were
// refused.
func TestLessonF5_HastyCallersDoNotExceedTheRatio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 0 }))
		const takes = 20 * time.Millisecond
		for range 20 {
			Run(t.Context(), m, answerIn(takes))
		}
		for i := range 50 {
			for range 3 { // more than half, so that the ratio of 50 % could be exceeded
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Millisecond)
				Run(ctx, m, answerIn(takes))
				cancel()
			}
			if err := Run(t.Context(), m, answerIn(takes)); err != nil {
				t.Fatalf("patient call %d got %v", i+1, err)
			}
		}
		if b := c.Stats().Breaker("Store"); b.Failures != 0 {
			t.Errorf("%d failures of a healthy backend", b.Failures)
		}
	})
}

// F6. A hedge's "not found" at 60 ms was thrown away for a time-out after 6.3 s
// (gRFC A6, erpc#418).
func TestLessonF6_AnswerOfAHedgeEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withHedge(Hedge{Delay: 50 * time.Millisecond, Max: 1}), withRetry(func(*Retry) {}), withTimeouts(0, 2*time.Second)))
		var calls atomic.Int32
		start := time.Now()
		_, err := Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
			if calls.Add(1)%2 == 1 { // the first of each round meets the sick replica
				return 0, hang(ctx)
			}
			time.Sleep(10 * time.Millisecond)
			return 0, errNotFound
		}, nil)
		if took := time.Since(start); err != errNotFound || took != 60*time.Millisecond || calls.Load() != 2 {
			t.Errorf("got %v after %v and %d attempts, want the hedge's own answer after 60ms and 2", err, took, calls.Load())
		}
		if s := c.Stats().Method("Get"); s.Failed != 1 || s.HedgeWins != 1 || s.Application != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

// F7. Callers that were all told one time come back in one instant. Behind a limiter
// that obeyed the hint they pass at its rate.
func TestLessonF7_HeldBackCallersPassAtTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 1, Wait: time.Minute}))
		Run(t.Context(), m, func(context.Context) error { return Throttle(errDown, 5*time.Second) })
		told := time.Now()
		var mu sync.Mutex
		at := map[time.Duration]int{}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := Run(t.Context(), m, succeed); err != nil {
					t.Errorf("got %v", err)
				}
				mu.Lock()
				at[time.Since(told)]++
				mu.Unlock()
			})
		}
		wg.Wait()
		for when, n := range at {
			if n > 1 || when < 5*time.Second {
				t.Errorf("%d of 100 calls passed %v after the hint of 5s", n, when)
			}
		}
	})
}

// F7. Everyone told "Retry-After: 1" came back in the same nanosecond and tripped
// the limit again (hermes-agent#109234).
func TestLessonF7_CallersWithOneHintComeBackSpread(t *testing.T) {
	for _, jitter := range []Jitter{JitterFull, JitterEqual, JitterDecorrelated, Jitter(20 * Percent)} {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withRetry(func(r *Retry) { r.Jitter, r.Budget = jitter, 0 }))
			const hint = 5 * time.Second
			start := time.Now()
			var mu sync.Mutex
			at := map[time.Duration]int{}
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					Run(t.Context(), m, func(ctx context.Context) error {
						if Attempt(ctx) == 1 {
							return Throttle(errNotFound, hint)
						}
						mu.Lock()
						at[time.Since(start)]++
						mu.Unlock()
						return nil
					})
				})
			}
			wg.Wait()
			for when, n := range at {
				if when < hint || when > hint+300*time.Millisecond || n > 3 {
					t.Errorf("%v jitter: %d of 100 came back after %v, want them spread behind %v", jitter, n, when, hint)
				}
			}
		})
	}
}

// F8. A hint above max was cut to max, and all attempts were spent inside the time
// that the callee had asked for; azcore stops instead.
func TestLessonF8_HintBeyondMaxEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withRetry(func(r *Retry) { r.Max = 5 * time.Second }))
		calls := 0
		start := time.Now()
		err := Run(t.Context(), m, func(context.Context) error {
			calls++
			return Throttle(errNotFound, time.Minute)
		})
		var e *Error
		if !errors.As(err, &e) || e.Reason != ErrRetryLater || !errors.Is(err, errNotFound) || e.RetryAfter() != time.Minute {
			t.Errorf("got %v, want ErrRetryLater with the minute that the callee asked for", err)
		}
		if calls != 1 || time.Since(start) != 0 {
			t.Errorf("%d calls in %v, want one and the end of it at once", calls, time.Since(start))
		}
		if s := c.Stats().Method("Get"); s.Later != 1 || s.Calls != 1 || s.Retries != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

// F9. A cancellation that comes out of a shared flight, while this caller waits, closed
// a half-open breaker.
func TestLessonF9_ForeignCancellationsProveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range 10 * testBreaker.Probes {
			Run(t.Context(), m, func(context.Context) error { return fmt.Errorf("flight: %w", context.Canceled) })
		}
		wantState(t, c, StateHalfOpen)
	})
}

// F10. The last attempt's time-out hid what the earlier ones said (temporal
// sdk-go#448).
func TestLessonF10_TimeoutHidesNoCause(t *testing.T) {
	cause := errors.New("shard 7 has no leader")
	twiceThen := func(last func(context.Context) error) func(context.Context) error {
		n := 0
		return func(ctx context.Context) error {
			if n++; n < 3 {
				return Infra(cause)
			}
			return last(ctx)
		}
	}
	for _, tt := range []struct {
		name     string
		set      func(*Spec, *MethodSpec)
		deadline time.Duration // the caller's
		last     func(context.Context) error
		reason   error
		also     error
	}{
		{"total timeout", withTimeouts(time.Second, 0), time.Hour, hang, ErrTimeout, context.DeadlineExceeded},
		{"attempt timeout", withTimeouts(0, time.Second), time.Hour, hang, ErrExhausted, ErrTimeout},
		{"in the callee's own words", withTimeouts(time.Second, 0), time.Hour,
			func(ctx context.Context) error { <-ctx.Done(); return errors.New("request aborted") }, ErrTimeout, context.DeadlineExceeded},
		{"the caller's deadline", withTimeouts(time.Hour, 0), time.Second, hang, ErrDeadline, context.DeadlineExceeded},
		{"a time-out in the callee", withTimeouts(time.Hour, 0), time.Hour,
			func(context.Context) error { return &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded} }, ErrExhausted, os.ErrDeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withAll(withRetry(func(*Retry) {}), tt.set))
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				err := Run(ctx, m, twiceThen(tt.last))
				var e *Error
				if !errors.As(err, &e) || e.Reason != tt.reason || e.Attempts != 3 || !errors.Is(err, tt.also) {
					t.Errorf("got %v, want %v after 3 attempts around %v", err, tt.reason, tt.also)
				}
				if !errors.Is(err, cause) || !strings.HasSuffix(err.Error(), "; an earlier attempt: shard 7 has no leader") {
					t.Errorf("two attempts said %q, the call says %q", cause, err)
				}
			})
		})
	}
}

// F11. Calls that their callers gave up while the backend hung did not count as slow
// (llm-proxy#50).
func TestLessonF11_CallsGivenUpCountAsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Slow = time.Second }))
		for range testBreaker.Consecutive {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(2*time.Second, cancel)
			Run(ctx, m, hang)
		}
		wantState(t, c, StateOpen)
		if o := c.Stats().Breaker("Store").Opening; o == nil || o.Rule != RuleSlow {
			t.Errorf("it opened for %+v, want %v", o, RuleSlow)
		}
	})
}

// F12. A stuck observer held callers beyond their deadlines (nomad#27013,
// hystrix-go#95). It holds the call whose event it is told of, and no other; changes of
// state hold none.
func TestLessonF12_AStuckObserverHoldsNoOtherCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan bool)
		var first atomic.Bool
		c, m := newMethod(t, withAll(withTimeouts(time.Second, 0), withBreaker(func(*Breaker) {})), WithObserver(func(_ context.Context, e Event) {
			if e.Kind == EventStateChanged || first.CompareAndSwap(false, true) {
				<-stuck
			}
		}))
		var wg sync.WaitGroup
		wg.Go(func() { Run(context.Background(), m, succeed) })
		c.Breaker("Store").ForceOpen()
		c.Breaker("Store").Reset()
		synctest.Wait()
		start := time.Now()
		for range 100 {
			if err := Run(t.Context(), m, succeed); err != nil {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("100 other calls took %v", took)
		}
		close(stuck)
		wg.Wait()
	})
}

// F13. An answer that the program declares was retried when it came a moment late.
func TestLessonF13_LateAnswersStayAnswers(t *testing.T) {
	errGone := errors.New("gone")
	declared := func(_ *Spec, m *MethodSpec) {
		m.Classify = []Classifier{func(err error) Verdict {
			if errors.Is(err, errGone) {
				return Verdict{Class: Application}
			}
			return Verdict{}
		}}
	}
	late := func(calls *int, err error) func(context.Context) error {
		return func(context.Context) error { *calls++; time.Sleep(time.Second + time.Millisecond); return err }
	}
	synctest.Test(t, func(t *testing.T) {
		var calls int
		c, m := newMethod(t, withAll(withTimeouts(0, time.Second), withRetry(func(*Retry) {}), declared))
		if err := Run(t.Context(), m, late(&calls, errGone)); err != errGone || calls != 1 {
			t.Errorf("after its attempt timeout: %v after %d calls, want the answer after one", err, calls)
		}
		if m.FallsBack(t.Context(), errGone) {
			t.Error("a late answer calls the fallback")
		}
		calls = 0
		if err := Run(t.Context(), m, late(&calls, errors.New("slow"))); !errors.Is(err, ErrTimeout) || calls != 3 {
			t.Errorf("%v after %d calls: what is not declared is a timeout", err, calls)
		}
		calls = 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := Run(ctx, m, late(&calls, errGone)); err != errGone {
			t.Errorf("after its caller's deadline: %v, want the answer", err)
		}
		if s := c.Stats().Method("Get"); s.Application != 2 {
			t.Errorf("stats %+v, want 2 answers", s)
		}
	})
}

// F13. A typed nil crashed the classifier.
func TestLessonF13_TypedNilsAreErrors(t *testing.T) {
	for _, null := range []error{(*net.OpError)(nil), (*Error)(nil), (*mark)(nil)} {
		_, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withRetry(func(*Retry) {})))
		if err := Run(t.Context(), m, func(context.Context) error { return null }); err != null {
			t.Errorf("%T: got %v, want the callee's own error", null, err)
		}
		m.FallsBack(t.Context(), null)
	}
}

// F13. errors.As to Timeout() bool failed on our own time-outs (golang/go#31449).
func TestLessonF13_TimeoutIsOneInGosWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withTimeouts(0, time.Second))
		err := Run(t.Context(), m, func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("request aborted")
		})
		var timeout interface{ Timeout() bool }
		if !errors.Is(err, ErrTimeout) || !errors.As(err, &timeout) || !timeout.Timeout() || !os.IsTimeout(err) {
			t.Errorf("%v is no timeout by errors.As and os.IsTimeout", err)
		}
		var netErr net.Error
		if !errors.As(err, &netErr) || !netErr.Timeout() {
			t.Errorf("%v is no timeout as a net.Error", err)
		}
	})
}

// F14. Callers who wait for a token held places in the bulkhead, and 10,000 waited
// in line for 2 places.
func TestLessonF14_NobodyHoldsAPlaceWhileWaitingForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &Bulkhead{Name: "Store", Calls: 2}
		spec := Spec{Name: "Store", Methods: []MethodSpec{
			{Name: "Slow", Policies: Policies{Bulkhead: shared, Limit: &Limit{Name: "Slow", Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour}}},
			{Name: "Free", Policies: Policies{Bulkhead: shared}},
		}}
		c := newClient(t, spec)
		Run(t.Context(), c.Method("Slow"), succeed)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { Run(t.Context(), c.Method("Slow"), succeed) })
		}
		synctest.Wait()
		if err := Run(t.Context(), c.Method("Free"), succeed); err != nil {
			t.Errorf("five wait for tokens, none is in the callee, but there is no place: %v", err)
		}
		wg.Wait()
	})
}

func TestLessonF14_LinesAreBounded(t *testing.T) {
	for name, set := range map[string]func(*Spec, *MethodSpec){
		"bulkhead": withBulkhead(Bulkhead{Calls: 2, Wait: time.Hour, Queue: 10}),
		"limit":    withLimit(Limit{Rate: Rate{Count: 2, Per: time.Second}, Wait: time.Hour, Queue: 10}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, set)
				start := time.Now()
				var refused atomic.Int64
				var wg sync.WaitGroup
				for range 10_000 {
					wg.Go(func() {
						if Run(t.Context(), m, func(context.Context) error { time.Sleep(time.Second); return nil }) != nil {
							refused.Add(1)
							if time.Since(start) != 0 {
								t.Errorf("refused after %v, want at once", time.Since(start))
							}
						}
					})
				}
				wg.Wait()
				if n := refused.Load(); n != 10_000-12 {
					t.Errorf("%d of 10,000 refused, want all but 2 at once and 10 in the line", n)
				}
			})
		})
	}
}

// F15. Each small client's budget of 100 and 10 a second let 40 of them triple a
// dying backend's load.
func TestLessonF15_QuietClientsTogetherDoNotStorm(t *testing.T) {
	for _, fleet := range []int{1, 10, 40} {
		synctest.Test(t, func(t *testing.T) {
			const rate, seconds = 160, 60 // of all together
			var clients []*Method
			for range fleet {
				_, m := newMethod(t, withRetry(func(*Retry) {}))
				clients = append(clients, m)
			}
			var attempts atomic.Int64
			var wg sync.WaitGroup
			for i := range rate * seconds {
				time.Sleep(time.Second / rate)
				wg.Go(func() {
					Run(t.Context(), clients[i%fleet], func(context.Context) error { attempts.Add(1); return errDown })
				})
			}
			wg.Wait()
			// The reserve of each, and what comes back of it in a minute.
			if retries, most := attempts.Load()-rate*seconds, int64(fleet*(10+6)); retries > most || retries < most-int64(fleet) {
				t.Errorf("%d clients made %d retries of %d calls that all failed, want %d", fleet, retries, rate*seconds, most)
			}
		})
	}
}

// F16. Errors that nobody knows counted as successes: a server that was down gave 100 of
// 100, closed a half-open breaker and filled the budget.
func TestLessonF16_UnknownErrorsAreNoSuccesses(t *testing.T) {
	down := func(context.Context) error { return errors.New("rpc error: code = Unavailable") }
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		for range 100 {
			Run(t.Context(), m, down)
		}
		if b := c.Stats().Breaker("Store"); b.Successes != 0 {
			t.Errorf("%d successes of a server that is down", b.Successes)
		}
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range 10 * testBreaker.Probes {
			Run(t.Context(), m, down)
		}
		wantState(t, c, StateHalfOpen)
	})
}

// F17. Newcomers that fail, in the instance that keys without a place share, shut good
// new keys out.
func TestLessonF17_FailingNewcomersShutNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 4
		c, get := newMethodByPeer(t, keys)
		for i := range keys {
			Run(t.Context(), get.For(fmt.Sprint("known", i)), fail)
		}
		for i := range 1000 {
			Run(t.Context(), get.For(fmt.Sprint("bad", i)), fail)
			if err := Run(t.Context(), get.For(fmt.Sprint("good", i)), succeed); err != nil {
				t.Fatalf("after %d bad newcomers a good one got %v", i+1, err)
			}
		}
		if b := c.Stats().Breaker("Store"); b.Overflowed != 2000 {
			t.Errorf("%d calls shared, want 2000", b.Overflowed)
		}
	})
}

// F18. "Retry-After: 3600" to one probe kept a breaker with open=1s open for an hour.
func TestLessonF18_AHintIsBelievedUpToABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Open = time.Second }))
		trip(t, c, m)
		time.Sleep(1100 * time.Millisecond)
		Run(t.Context(), m, func(context.Context) error { return Throttle(errors.New("429"), time.Hour) })
		wantState(t, c, StateOpen)
		time.Sleep(10 * time.Second)
		wantState(t, c, StateHalfOpen)
	})
}

// F18. What a callee asked for must reach those who can act on it: callers that
// want to reschedule, handlers that pass it on (urllib3#5152).
func TestLessonF18_HintIsPassedOn(t *testing.T) {
	busy := Throttle(errNotFound, time.Minute)
	for _, tt := range []struct {
		name string
		set  func(*Spec, *MethodSpec)
		err  error
		want time.Duration
	}{
		{"too long to wait for", withRetry(func(*Retry) {}), busy, time.Minute},
		{"at the last attempt", withRetry(func(r *Retry) { r.Max = time.Hour }), busy, time.Minute},
		{"without a budget", withRetry(func(r *Retry) { r.Attempts, r.Max = 99, time.Hour }), busy, time.Minute},
		{"the longest of several", withRetry(func(*Retry) {}), errors.Join(Throttle(errDown, time.Second), busy, Throttle(errDown, 2*time.Second)), time.Minute},
		{"the longest of a chain", withRetry(func(*Retry) {}), Throttle(busy, time.Second), time.Minute},
		{"out of a nested client", withRetry(func(*Retry) {}), &Error{Reason: ErrRetryLater, Err: busy}, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, tt.set)
				err := Run(t.Context(), m, func(context.Context) error { return tt.err })
				var e *Error
				if !errors.As(err, &e) || e.RetryAfter() != tt.want {
					t.Errorf("got %v, want it to say %v", err, tt.want)
				}
			})
		})
	}
}

// F19. After 429 with "not before a minute", 1,000 of 1,000 calls went out within 10 s:
// only the call that was told waited.
func TestLessonF19_AHintHoldsEveryCallBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(
			withLimit(Limit{Rate: Rate{Count: 1000, Per: time.Second}}),
			withRetry(func(r *Retry) { r.Max = 2 * time.Minute })))
		start := time.Now()
		var early atomic.Int64
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { // under way when the hint comes
			Run(t.Context(), m, func(context.Context) error { time.Sleep(time.Second); return nil })
		})
		wg.Go(func() {
			told := false
			Run(t.Context(), m, func(context.Context) error {
				if told {
					return nil
				}
				told = true
				time.Sleep(time.Millisecond)
				return Throttle(errDown, time.Minute)
			})
		})
		time.Sleep(2 * time.Millisecond)
		for range 1000 {
			err := Run(t.Context(), m, func(context.Context) error {
				if time.Since(start) < time.Minute {
					early.Add(1)
				}
				return nil
			})
			var own *Error
			left := time.Minute + time.Millisecond - time.Since(start)
			if !errors.As(err, &own) || own.Reason != ErrLimited || own.RetryAfter() != left {
				t.Fatalf("got %v, want ErrLimited for %v", err, left)
			}
			time.Sleep(10 * time.Millisecond)
		}
		wg.Wait()
		if n := early.Load(); n != 0 {
			t.Errorf("told 'not before a minute', %d of 1,000 calls went out before", n)
		}
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("after the minute: %v", err)
		}
	})
}

// F20. In an outage of a day there was a probe each 30 s to the end, 2,834 of them.
func TestLessonF20_ALongOutageIsProbedLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.OpenMax = 10 * time.Minute }))
		trip(t, c, m)
		probes := 0
		var longest time.Duration
		last := time.Now()
		for end := time.Now().Add(24 * time.Hour); time.Now().Before(end); time.Sleep(time.Second) {
			Run(t.Context(), m, func(context.Context) error {
				probes++
				longest, last = max(longest, time.Since(last)), time.Now()
				return errDown
			})
		}
		if probes > 175 || longest > 11*time.Minute+time.Second {
			t.Errorf("%d probes, up to %v apart; want some 150, up to 11m", probes, longest)
		}
		time.Sleep(11 * time.Minute)
		Run(t.Context(), m, succeed)
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
		trip(t, c, m) // the next outage begins with the shortest open time
		if left := c.Stats().Breaker("Store").RetryAfter; left > 33*time.Second {
			t.Errorf("open for %v after it had been closed, want 30s", left)
		}
	})
}

// F20. After closing, everything came at once.
func TestLessonF20_LoadComesBackSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ramp = 20 * time.Second }))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range testBreaker.Probes {
			Run(t.Context(), m, succeed)
		}
		wantState(t, c, StateClosed)
		var admitted [25]int // of 1,000 calls, by second
		for second := range admitted {
			for range 1000 {
				err := Run(t.Context(), m, succeed)
				var e *Error
				switch {
				case err == nil:
					admitted[second]++
				case !errors.As(err, &e) || e.Reason != ErrOpen || e.RetryAfter() <= 0 || e.RetryAfter() > 10*time.Second:
					t.Fatalf("got %v, want ErrOpen with some seconds to wait", err)
				}
				time.Sleep(time.Millisecond)
			}
		}
		for second, n := range admitted {
			want := min(50*second+25, 1000) // the middle of a share that grows by 5 % a second
			if n < want-3 || n > want+3 {
				t.Errorf("second %d: %d of 1000 calls were admitted, want %d", second, n, want)
			}
		}
		if s := c.Stats().Method("Get"); s.Open < 9_990 || s.Open > 10_000 {
			t.Errorf("%d calls counted as refused, want half of 20,000", s.Open)
		}
	})
}

// F21. Nine failures, and then a success that fills the minimum: the ratio was
// exceeded by far, and the breaker stayed closed until the next failure.
func TestLessonF21_ASuccessThatFillsTheMinimumOpens(t *testing.T) {
	for _, tt := range []struct {
		min     int
		results string // f for a failure, s for a success
	}{{4, "sffs"}, {10, "fffffffffs"}} {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive, b.Min = 0, tt.min }))
		for i, result := range tt.results {
			wantState(t, c, StateClosed)
			f := succeed
			if result == 'f' {
				f = fail
			}
			if err := Run(context.Background(), m, f); errors.Is(err, ErrOpen) {
				t.Errorf("%s: call %d got %v", tt.results, i, err)
			}
		}
		wantState(t, c, StateOpen)
		if o := c.Stats().Breaker("Store").Opening; o.Rule != RuleRatio || o.Successes+o.Failures != uint64(tt.min) {
			t.Errorf("%s: opened for %+v", tt.results, o)
		}
	}
}

// F21. Specs that were written as literals were accepted with values that directives
// refuse.
func TestLessonF21_SpecLiteralsAreChecked(t *testing.T) {
	for name, policies := range map[string]Policies{
		"below a range":    {Retry: &Retry{Attempts: -1, On: []Class{Infrastructure}}},
		"without a number": {Limit: &Limit{Name: "Store"}},
		"without effect":   {Timeout: &Timeout{Total: time.Second, Attempt: time.Minute}},
	} {
		if _, err := New(Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: policies}}}); err == nil {
			t.Errorf("a value %s is accepted", name)
		}
	}
}

// F22. Of two observers the first was told nothing, and nobody was told that.
func TestLessonF22_WhatIsGivenTwiceCountsTwiceOrIsAnError(t *testing.T) {
	told := 0
	observe := WithObserver(func(context.Context, Event) { told++ })
	override := WithOverrides(Overrides{"Store": {"breaker": "open=5s"}})
	for name, tt := range map[string]struct {
		opts []Option
		want string
	}{
		"two sets of overrides": {[]Option{override, override}, "resil: Store: 2 sets of overrides are given; merge them into one"},
	} {
		if _, err := New(fullSpec(), tt.opts...); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if _, err := New(fullSpec(), observe, WithObserver(nil), override); err != nil {
		t.Errorf("one of each: got %v", err)
	}
	Run(t.Context(), newClient(t, fullSpec(), observe, observe).Method("Get"), succeed)
	if told != 4 {
		t.Errorf("two observers were told of %d events, want 2 each", told)
	}
	var first, second Registry
	c := newClient(t, fullSpec(), WithRegistry(&first), WithRegistry(&second))
	if first.Client("Store") != c || second.Client("Store") != c {
		t.Error("of two registries, one does not list the client")
	}
}

// withAutoBreaker is a breaker with the defaults of the directive.
func withAutoBreaker(set func(*Breaker)) func(*Spec, *MethodSpec) {
	return withBreaker(func(b *Breaker) { b.Consecutive = ConsecutiveAuto; set(b) })
}
