package resil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func outliving(_ *Spec, m *MethodSpec) { m.Outlives = true }

// A slowBody delivers its parts with a pause before each, as long as its context lives.
type slowBody struct {
	ctx    context.Context
	pause  time.Duration
	parts  int
	err    error // at the end; io.EOF for none
	closed bool
}

func (b *slowBody) Read(p []byte) (int, error) {
	select {
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	case <-time.After(b.pause):
	}
	if b.parts--; b.parts < 0 {
		if b.err != nil {
			return 0, b.err
		}
		return 0, io.EOF
	}
	p[0] = 'x'
	return 1, nil
}

func (b *slowBody) Close() error { b.closed = true; return nil }

// open calls m, whose callee answers after delay with a body. It returns the attempt's
// context too.
func open(ctx context.Context, m *Method, delay time.Duration, body *slowBody) (_ io.ReadCloser, own context.Context, err error) {
	r, err := Call(ctx, m, func(ctx context.Context) (io.ReadCloser, error) {
		own, body.ctx = ctx, ctx
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(delay):
			return HoldReadCloser(ctx, body), nil
		}
	})
	return r, own, err
}

func TestTimeoutsEndWhenTheResultIsThere(t *testing.T) {
	for _, timeouts := range []Timeout{{Total: time.Second}, {Attempt: time.Second}, {Total: 3 * time.Second, Attempt: time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withAll(outliving, withTimeouts(timeouts.Total, timeouts.Attempt)))
			body, own, err := open(t.Context(), m, time.Second/2, &slowBody{pause: time.Minute, parts: 3})
			if err != nil {
				t.Fatal(err)
			}
			if _, shows := own.Deadline(); shows {
				t.Error("the context shows a deadline of ours")
			}
			if data, err := io.ReadAll(body); string(data) != "xxx" || err != nil {
				t.Errorf("%v: read %q, %v, long after the timeout", timeouts, data, err)
			}
			if own.Err() == nil {
				t.Error("the context lives on after the end of the body")
			}
		})
	}
}

func TestATimeoutEndsAnAttemptThatHasNoResult(t *testing.T) {
	for _, tt := range []struct {
		timeouts Timeout
		retry    bool
		cause    string
		attempts int
		took     time.Duration
	}{
		{timeouts: Timeout{Total: time.Second}, cause: "Store.Get: timeout of 1s: timed out", attempts: 1, took: time.Second},
		{timeouts: Timeout{Attempt: time.Second}, cause: "Store.Get: attempt timeout of 1s: timed out", attempts: 1, took: time.Second},
		{timeouts: Timeout{Total: 1500 * time.Millisecond, Attempt: time.Second}, retry: true, cause: "Store.Get: timeout of 1.5s: timed out", attempts: 2, took: 1500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMethod(t, withAll(outliving, withTimeouts(tt.timeouts.Total, tt.timeouts.Attempt), func(s *Spec, m *MethodSpec) {
				if tt.retry {
					withRetry(func(*Retry) {})(s, m)
				}
			}))
			started := time.Now()
			_, own, err := open(t.Context(), m, time.Hour, new(slowBody))
			var e *Error
			if !errors.As(err, &e) || e.Reason != ErrTimeout || e.Attempts != tt.attempts || time.Since(started) != tt.took {
				t.Errorf("%v after %v, want ErrTimeout after %v", err, time.Since(started), tt.took)
			}
			if !errors.Is(err, context.DeadlineExceeded) || context.Cause(own).Error() != tt.cause {
				t.Errorf("%v, cause %q, want %q", err, context.Cause(own), tt.cause)
			}
			if s := c.Stats().Method("Get"); s.TimedOut != 1 || s.Infrastructure != uint64(tt.attempts) {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

func TestTheCallersDeadlineStaysVisibleAndIsNotOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(outliving, withTimeouts(time.Minute, 0)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, own, err := open(ctx, m, time.Hour, new(slowBody))
		if deadline, ok := own.Deadline(); !ok || time.Until(deadline) > 0 {
			t.Error("the caller's deadline is hidden")
		}
		if s := c.Stats().Method("Get"); err != context.DeadlineExceeded || s.Deadline != 1 || s.TimedOut != 0 {
			t.Errorf("%v, stats %+v", err, s)
		}
	})
}

func TestAResultThatComesTooLateIsATimeout(t *testing.T) {
	deaf := func(ctx context.Context) (io.ReadCloser, error) {
		time.Sleep(2 * time.Second)
		return HoldReadCloser(ctx, &slowBody{ctx: ctx}), nil
	}
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(outliving, withTimeouts(0, time.Second)))
		if _, err := Call(t.Context(), m, deaf); !errors.Is(err, ErrTimeout) {
			t.Errorf("got %v, want a timeout: nobody can read what came", err)
		}
		_, err := CallClassified(t.Context(), m, deaf, func(io.ReadCloser, error) Class { return Undecided })
		if !errors.Is(err, ErrTimeout) {
			t.Errorf("with a classifier: got %v, want a timeout", err)
		}
	})
}

func TestAResultCountsAsLateOnceTheCallerHasIt(t *testing.T) {
	broken := io.ErrUnexpectedEOF
	for _, tt := range []struct {
		name   string
		end    func(body io.ReadCloser, cancel func())
		err    error
		counts bool
	}{
		{"it fails", func(io.ReadCloser, func()) {}, broken, true},
		{"it ends", func(io.ReadCloser, func()) {}, nil, false},
		{"an answer", func(io.ReadCloser, func()) {}, errNotFound, false},
		{"closed first", func(b io.ReadCloser, _ func()) { b.Close() }, broken, false},
		{"canceled first", func(_ io.ReadCloser, cancel func()) { cancel() }, broken, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withAll(outliving, withTimeouts(time.Second, 0), withBreaker(func(b *Breaker) { b.Consecutive = 1 })))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				body, own, err := open(ctx, m, 0, &slowBody{parts: 1, err: tt.err})
				if err != nil {
					t.Fatal(err)
				}
				tt.end(body, cancel)
				for range 3 {
					io.Copy(io.Discard, body)
				}
				want, count := StateClosed, uint64(0)
				if tt.counts {
					want, count = StateOpen, 1
				}
				wantState(t, c, want)
				if s := c.Stats().Method("Get"); s.StreamFailures != count || s.Succeeded != 1 || s.Calls != 1 {
					t.Errorf("stats %+v, want %d stream failures of one call", s, count)
				}
				if own.Err() == nil {
					t.Error("the context lives on")
				}
			})
		})
	}
}

func TestALateFailureOfAnEarlierPhaseHasNoVote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(outliving, withBreaker(func(b *Breaker) { b.Consecutive = 1 })))
		body, _, _ := open(t.Context(), m, 0, &slowBody{err: io.ErrUnexpectedEOF})
		c.Breaker("Store").Reset()
		io.Copy(io.Discard, body)
		wantState(t, c, StateClosed)
	})
}

func TestALateFailureOfAProbeOpensAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(outliving, withBreaker(func(b *Breaker) { b.Consecutive = 1 })))
		Run(t.Context(), m, (&callee{answers: failures(1)}).call)
		time.Sleep(time.Minute)
		body, _, err := open(t.Context(), m, 0, &slowBody{err: io.ErrUnexpectedEOF})
		if err != nil {
			t.Fatal(err)
		}
		wantState(t, c, StateHalfOpen)
		io.Copy(io.Discard, body)
		wantState(t, c, StateOpen)
	})
}

// Whatever a caller does with a result of several parts, the context ends when the
// last of them does, not before, and a failure counts once.
func TestPropertyAContextIsReleasedOnceAndNotBefore(t *testing.T) {
	type step struct {
		part          int
		pause         time.Duration
		close, cancel bool
	}
	rapid.Check(t, func(rt *rapid.T) {
		var bodies []*slowBody
		for range rapid.IntRange(0, 3).Draw(rt, "parts") {
			bodies = append(bodies, &slowBody{parts: rapid.IntRange(0, 2).Draw(rt, "length"), err: sampled(rt, "end", io.EOF, io.ErrUnexpectedEOF)})
		}
		var steps []step
		for range rapid.IntRange(0, 12).Draw(rt, "steps") {
			steps = append(steps, step{
				part:   rapid.IntRange(0, max(len(bodies)-1, 0)).Draw(rt, "part"),
				pause:  time.Duration(rapid.IntRange(0, 2).Draw(rt, "pause")) * time.Second,
				close:  rapid.Bool().Draw(rt, "close"),
				cancel: rapid.IntRange(0, 9).Draw(rt, "cancel") == 0,
			})
		}
		inBubble(t, rt, func(t *testing.T) error {
			c, m := newMethod(t, withAll(outliving, withTimeouts(time.Second, 0), withBreaker(func(b *Breaker) { b.Consecutive = 100 })))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var own *lasting
			var held []io.ReadCloser
			if err := Run(ctx, m, func(ctx context.Context) error {
				own = ctx.(*lasting)
				for _, b := range bodies {
					b.ctx = ctx
					held = append(held, HoldReadCloser(ctx, b))
				}
				return nil
			}); err != nil {
				return err
			}
			ended, canceled, failed := map[int]bool{}, false, uint64(0)
			for i, s := range steps {
				time.Sleep(s.pause)
				switch {
				case s.cancel || len(bodies) == 0:
					cancel()
					canceled = true
				case s.close:
					held[s.part].Close()
					ended[s.part] = true
				default:
					if _, err := held[s.part].Read(make([]byte, 1)); err != nil {
						if err == io.ErrUnexpectedEOF && !ended[s.part] && !canceled {
							failed = 1
						}
						ended[s.part] = true
					}
				}
				over := len(ended) == len(bodies)
				if alive := own.Err() == nil; alive == (over || canceled) || own.released.Load() != over {
					return fmt.Errorf("step %d: %d of %d parts have ended, canceled %t: the context says %v", i, len(ended), len(bodies), canceled, own.Err())
				}
				if left := len(bodies) - len(ended); own.parts.Load() != int32(left) {
					return fmt.Errorf("step %d: %d parts are held, want %d", i, own.parts.Load(), left)
				}
			}
			if s := c.Stats().Method("Get"); s.StreamFailures != failed {
				return fmt.Errorf("%d stream failures, want %d", s.StreamFailures, failed)
			}
			return nil
		})
	})
}

func TestARepeatedAttemptEndsTheResultBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(outliving, withTimeouts(0, time.Second), withRetry(func(*Retry) {})))
		var contexts []context.Context
		p, err := CallClassified(t.Context(), m, func(ctx context.Context) (*slowBody, error) {
			contexts = append(contexts, ctx)
			if Attempt(ctx) != len(contexts) {
				t.Errorf("attempt %d is marked as %d", len(contexts), Attempt(ctx))
			}
			return HoldPointer(ctx, new(slowBody)), nil
		}, func(*slowBody, error) Class {
			if len(contexts) < 3 {
				return Infrastructure
			}
			return Success
		})
		if err != nil || len(contexts) != 3 {
			t.Fatalf("%v after %d attempts", err, len(contexts))
		}
		for i, ctx := range contexts {
			if kept := ctx.Err() == nil; kept != (i == 2) {
				t.Errorf("the context of attempt %d: %v", i+1, ctx.Err())
			}
		}
		runtime.KeepAlive(p)
	})
}

func TestAHedgesWinnerKeepsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(outliving, withTimeouts(time.Minute, 0), func(_ *Spec, m *MethodSpec) {
			m.Hedge = &Hedge{Delay: time.Second, Max: 1, Budget: 100 * Percent}
		}))
		var mu sync.Mutex
		var contexts []context.Context
		body, err := Hedged(t.Context(), m, func(ctx context.Context) (io.ReadCloser, error) {
			mu.Lock()
			contexts = append(contexts, ctx)
			n := len(contexts)
			mu.Unlock()
			if n == 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return HoldReadCloser(ctx, &slowBody{ctx: ctx, pause: time.Hour, parts: 1}), nil
		}, func(c io.ReadCloser) { Discard(c) })
		if err != nil || len(contexts) != 2 {
			t.Fatalf("%v after %d attempts", err, len(contexts))
		}
		if contexts[0].Err() == nil || contexts[1].Err() != nil {
			t.Errorf("loser: %v, winner: %v", contexts[0].Err(), contexts[1].Err())
		}
		if data, err := io.ReadAll(body); string(data) != "x" || err != nil {
			t.Errorf("read %q, %v", data, err)
		}
		if contexts[1].Err() == nil {
			t.Error("the winner's context lives on")
		}
	})
}

func TestAPanicEndsTheContext(t *testing.T) {
	_, m := newMethod(t, withAll(outliving, withTimeouts(time.Minute, time.Minute)))
	var own context.Context
	func() {
		defer func() { recover() }()
		Run(t.Context(), m, func(ctx context.Context) error { own = ctx; NewHold(ctx); panic("boom") })
	}()
	if own.Err() == nil {
		t.Error("the context lives on")
	}
}

func TestASequenceHoldsUntilItsIterationEnds(t *testing.T) {
	for _, stop := range []int{0, 1, 3} {
		_, m := newMethod(t, withAll(outliving, withTimeouts(time.Minute, 0)))
		var own context.Context
		seq, _ := Call(t.Context(), m, func(ctx context.Context) (iter.Seq[int], error) {
			own = ctx
			return HoldSeq(ctx, func(yield func(int) bool) {
				for i := 0; i < 3 && ctx.Err() == nil && yield(i); i++ {
				}
			}), nil
		})
		n := 0
		for range seq {
			if own.Err() != nil {
				t.Fatal("the context ended while the sequence went on")
			}
			if n++; n == stop {
				break
			}
		}
		if want := map[int]int{0: 3, 1: 1, 3: 3}[stop]; n != want || own.Err() == nil {
			t.Errorf("stopped at %d: got %d elements, want %d; the context says %v", stop, n, want, own.Err())
		}
	}
}

func TestAnErrorInASequenceIsAStreamFailure(t *testing.T) {
	c, m := newMethod(t, withAll(outliving, withBreaker(func(b *Breaker) { b.Consecutive = 1 })))
	seq, _ := Call(t.Context(), m, func(ctx context.Context) (iter.Seq2[int, error], error) {
		return HoldSeq2(ctx, func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, errDown) && yield(0, errDown) }), nil
	})
	for range seq {
	}
	wantState(t, c, StateOpen)
	if n := c.Stats().Method("Get").StreamFailures; n != 1 {
		t.Errorf("%d stream failures, want 1", n)
	}
}

func TestTheFirstMessageDecidesTheAttempt(t *testing.T) {
	type message struct{ text string }
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(outliving, withRetry(func(*Retry) {}), withBreaker(func(b *Breaker) { b.Consecutive = 100 })))
		answers := []any{errDown, &message{"a"}, &message{"b"}, io.ErrUnexpectedEOF}
		recv := func() (*message, error) {
			a := answers[0]
			answers = answers[1:]
			if err, ok := a.(error); ok {
				return nil, err
			}
			return a.(*message), nil
		}
		stream, err := Call(t.Context(), m, func(ctx context.Context) (*HeldStream[*message], error) { return ReceiveFirst(ctx, recv) })
		if err != nil || c.Stats().Method("Get").Attempts != 2 {
			t.Fatalf("%v, stats %+v, want a second attempt", err, c.Stats().Method("Get"))
		}
		var first message
		if err := stream.RecvMsg(&first, nil); err != nil || first.text != "a" {
			t.Errorf("first %v, %v", first, err)
		}
		if second, err := stream.Recv(); err != nil || second.text != "b" {
			t.Errorf("second %v, %v", second, err)
		}
		if _, err := stream.Recv(); err != io.ErrUnexpectedEOF {
			t.Errorf("third %v", err)
		}
		if n := c.Stats().Method("Get").StreamFailures; n != 1 {
			t.Errorf("%d stream failures, want 1", n)
		}

		answers = []any{io.EOF}
		stream, err = Call(t.Context(), m, func(ctx context.Context) (*HeldStream[*message], error) { return ReceiveFirst(ctx, recv) })
		if err != nil {
			t.Fatalf("an empty stream: %v", err)
		}
		if _, err := stream.Recv(); err != io.EOF {
			t.Errorf("an empty stream: %v, want io.EOF", err)
		}
	})
}

func TestWhatIsNoHoldIsLeftAlone(t *testing.T) {
	_, m := newMethod(t, withTimeouts(time.Minute, 0))
	Run(t.Context(), m, func(ctx context.Context) error {
		h := NewHold(ctx)
		if h != nil {
			t.Error("a hold of a method whose results do not outlive the call")
		}
		h.Release()
		h.Done(errDown)
		if err := h.End(errDown); err != errDown {
			t.Errorf("got %v", err)
		}
		if err := h.Close(func() error { return errDown }); err != errDown {
			t.Errorf("got %v", err)
		}
		body := HoldReadCloser(ctx, io.NopCloser(strings.NewReader("x")))
		if data, err := io.ReadAll(body); string(data) != "x" || err != nil {
			t.Errorf("read %q, %v", data, err)
		}
		return nil
	})
}

func TestAConnectionCanStillBeWrittenTo(t *testing.T) {
	ctx := context.Background()
	if _, ok := HoldReadCloser(ctx, &conn{body{Reader: strings.NewReader("")}}).(io.Writer); !ok {
		t.Error("a connection lost its Write")
	}
	if _, ok := HoldReadCloser(ctx, &body{Reader: strings.NewReader("")}).(io.Writer); ok {
		t.Error("a body has got a Write")
	}
}

func TestAProcessLongContextGathersNothing(t *testing.T) {
	_, m := newMethod(t, withAll(outliving, withTimeouts(time.Minute, time.Second), withBreaker(func(*Breaker) {})))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	type rows struct{ _ [64]byte }
	calls := map[string]func(){
		"closed": func() {
			r, _ := Call(ctx, m, func(ctx context.Context) (io.ReadCloser, error) {
				return HoldReadCloser(ctx, io.NopCloser(strings.NewReader("x"))), nil
			})
			r.Close()
		},
		"never closed": func() {
			Call(ctx, m, func(ctx context.Context) (io.ReadCloser, error) {
				return HoldReadCloser(ctx, &body{Reader: strings.NewReader("x")}), nil
			})
		},
		"never iterated": func() {
			Call(ctx, m, func(ctx context.Context) (iter.Seq[int], error) {
				return HoldSeq(ctx, func(func(int) bool) {}), nil
			})
		},
		"a pointer": func() {
			Call(ctx, m, func(ctx context.Context) (*rows, error) { return HoldPointer(ctx, new(rows)), nil })
		},
		"nothing": func() {
			Call(ctx, m, func(ctx context.Context) (*rows, error) { return HoldPointer[rows](ctx, nil), nil })
		},
		"an error": func() {
			Call(ctx, m, func(ctx context.Context) (*rows, error) { return nil, errNotFound })
		},
	}
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			live := func() int64 {
				runtime.GC()
				time.Sleep(10 * time.Millisecond) // for cleanups, on a goroutine of their own
				runtime.GC()
				var s runtime.MemStats
				runtime.ReadMemStats(&s)
				return int64(s.HeapAlloc)
			}
			for range 1000 {
				call()
			}
			before, goroutines := live(), runtime.NumGoroutine()
			for range n {
				call()
			}
			grown := live() - before
			for try := 0; grown > 20*int64(n) && try < 50; try++ { // a context takes 200 B and more
				grown = live() - before
			}
			if grown > 20*int64(n) {
				t.Errorf("%d calls leave %d bytes behind", n, grown)
			}
			if now := runtime.NumGoroutine(); now > goroutines {
				t.Errorf("%d goroutines, before %d", now, goroutines)
			}
		})
	}
}

// A response without a body has ended before anybody asks what it means.
func TestResultThatEndsAtOnceIsClassifiedByWhatItSays(t *testing.T) {
	c, m := newMethod(t, func(_ *Spec, m *MethodSpec) {
		m.Timeout = &Timeout{Total: time.Second, Attempt: 100 * time.Millisecond}
		m.Breaker = copyOf(&testBreaker)
		m.Outlives = true
	})
	_, err := CallClassified(t.Context(), m, func(ctx context.Context) (int, error) {
		NewHold(ctx).Release()
		return 500, nil
	}, func(code int, _ error) Verdict { return HTTPStatus(code) })
	got, breaker := c.Stats().Method("Get"), c.Stats().Breaker("Store", nil)
	if err != nil || got.Infrastructure != 1 || breaker.Failures != 1 {
		t.Errorf("%v, %+v, %+v, want one attempt of class Infrastructure, and one failure", err, got, breaker)
	}
}
