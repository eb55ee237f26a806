package resil

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// A latency is how long a backend takes, by chance.
type latency struct {
	name string
	draw func(*rand.Rand) time.Duration
}

func latencies(mean time.Duration) []latency {
	return []latency{
		{"constant", func(*rand.Rand) time.Duration { return mean }},
		{"uniform", func(r *rand.Rand) time.Duration { return mean/2 + time.Duration(r.Int64N(int64(mean))) }},
		{"exponential", func(r *rand.Rand) time.Duration { return mean/2 + time.Duration(r.ExpFloat64()*float64(mean/2)) }},
	}
}

// spread are latencies some of which are many times others.
func spread(mean time.Duration) []latency {
	mixed := func(fast, slow, slowShare float64) func(*rand.Rand) time.Duration {
		return func(r *rand.Rand) time.Duration {
			if r.Float64() < slowShare {
				return time.Duration(slow * float64(mean))
			}
			return time.Duration(fast * float64(mean))
		}
	}
	return []latency{
		{"lognormal", func(r *rand.Rand) time.Duration { return time.Duration(math.Exp(r.NormFloat64()-0.5) * float64(mean)) }},
		{"hits and misses", mixed(0.2, 4.2, 0.2)},
		{"a wide gap", mixed(0.02, 2.47, 0.4)},
	}
}

// A traffic is what a healthy backend gets, and how it answers.
type traffic struct {
	mean    time.Duration
	latency latency
	trend   string        // of the latency, in the run
	hasty   float64       // share of the callers
	gives   time.Duration // what each of them gives
	cancels bool          // rather than bringing a deadline
	rate    int           // calls a second
	random  *rand.Rand
}

// drawTraffic draws one whose hasty callers give the mean times one of gives. There are
// patient calls enough that no minute passes without an answer.
func drawTraffic(rt *rapid.T, gives ...float64) *traffic {
	mean := sampled(rt, "mean", 5*time.Millisecond, 20*time.Millisecond, 300*time.Millisecond)
	hasty, rates := sampled(rt, "hasty", 0.1, 0.5, 0.9, 0.99), []int{5, 50, 200}
	if hasty == 0.99 {
		rates = rates[1:]
	}
	return &traffic{
		mean:    mean,
		latency: sampled(rt, "latency", append(latencies(mean), spread(mean)...)...),
		trend:   sampled(rt, "trend", "steady", "drifting", "doubling"),
		hasty:   hasty,
		gives:   time.Duration(sampled(rt, "gives", gives...) * float64(mean)),
		rate:    sampled(rt, "rate", rates...),
		random:  rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)),
	}
}

// takes draws how long the backend takes when a share of the run is done.
func (tr *traffic) takes(done float64) time.Duration {
	took := float64(tr.latency.draw(tr.random))
	switch tr.trend {
	case "drifting":
		took *= 1 + 2*done
	case "doubling":
		took *= 1 + math.Round(done)
	}
	return time.Duration(took)
}

// run makes calls of m and returns how many patient ones there were and how many of
// them were refused.
func (tr *traffic) run(t *testing.T, m *Method, calls int) (patient, refused int64) {
	var wg sync.WaitGroup
	var all, open atomic.Int64
	for i := range calls {
		took, isHasty := tr.takes(float64(i)/float64(calls)), tr.random.Float64() < tr.hasty
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if isHasty && tr.cancels {
				time.AfterFunc(tr.gives, cancel)
			} else if isHasty {
				ctx, cancel = context.WithTimeout(t.Context(), tr.gives)
			}
			defer cancel()
			err := Run(ctx, m, answerIn(took))
			if !isHasty {
				all.Add(1)
				if errors.Is(err, ErrOpen) {
					open.Add(1)
				}
			}
		})
		time.Sleep(time.Second / time.Duration(tr.rate))
	}
	wg.Wait()
	return all.Load(), open.Load()
}

// hang makes calls that get no answer, as many a second, until the breaker opens or
// two minutes have passed. Each has a deadline of tr.gives. It returns the time that
// this took.
func (tr *traffic) hang(t *testing.T, m *Method) time.Duration {
	var wg sync.WaitGroup
	defer wg.Wait()
	began := time.Now()
	for m.breaker.State() == StateClosed && time.Since(began) < 2*time.Minute {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), tr.gives)
			defer cancel()
			Run(ctx, m, hang)
		})
		time.Sleep(time.Second / time.Duration(tr.rate))
	}
	return time.Since(began)
}

// answerIn is a callee that answers after d, unless its context ends before.
func answerIn(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Whatever share of the callers of a healthy backend is hasty, by deadline or by
// cancellation, the patient ones are never refused.
func TestPatientCallersOfAHealthyBackendAreNeverRefused(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := drawTraffic(rt, 0.05, 0.1, 0.5, 0.9, 1.5, 3)
		if tr.gives > tr.mean && tr.trend == "doubling" {
			rt.Skip("callers who have been answered and are not any more are not hasty")
		}
		tr.cancels = rapid.Bool().Draw(rt, "cancels")
		inBubble(t, rt, func(t *testing.T) error {
			c, m := newMethod(t, withBreaker(func(*Breaker) {}))
			if patient, refused := tr.run(t, m, 1000); refused > 0 {
				return fmt.Errorf("%s: %d of %d patient calls of a healthy backend were refused; the breaker opened %d times",
					tr.latency.name, refused, patient, c.Stats().Breaker("Store").Opened)
			}
			return nil
		})
	})
}

// A backend that hangs after a time in good health opens the breaker after a minute
// of silence at the latest, whatever its callers give it; and at once if they give it
// more than it has ever needed.
func TestABackendThatBeginsToHangOpensInTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := drawTraffic(rt, 0.5, 0.9, 1.5, 3, 30)
		inBubble(t, rt, func(t *testing.T) error {
			_, m := newMethod(t, withBreaker(func(*Breaker) {}))
			tr.run(t, m, 500)
			if m.breaker.State() != StateClosed {
				return nil // it doubled, and callers who had been answered were not any more
			}
			limit := 2*tr.gives + 5*time.Second/time.Duration(tr.rate) + time.Second
			if tr.gives < 30*tr.mean || tr.latency.name == "lognormal" {
				limit += silentTime
			}
			if took := tr.hang(t, m); took > limit {
				return fmt.Errorf("%s: the breaker took %v to open, want %v at most", tr.latency.name, took, limit)
			}
			return nil
		})
	})
}

// A backend that hangs opens the breaker though all callers bring their own
// deadlines, whether it has ever answered or not.
func TestAHungBackendOpensWhateverDeadlinesCallersBring(t *testing.T) {
	for _, answered := range []bool{true, false} {
		for _, latency := range latencies(20 * time.Millisecond) {
			for _, gives := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, time.Second, 10 * time.Second} {
				t.Run(fmt.Sprintf("answered %v, %s, callers give %v", answered, latency.name, gives), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c, m := newMethod(t, withBreaker(func(*Breaker) {}))
						random := rand.New(rand.NewPCG(1, 1))
						for range 200 {
							if answered {
								Run(t.Context(), m, answerIn(latency.draw(random)))
							}
						}
						var wg sync.WaitGroup
						began := time.Now()
						for c.Breaker("Store").State() == StateClosed && time.Since(began) < 2*time.Minute {
							wg.Go(func() {
								ctx, cancel := context.WithTimeout(t.Context(), gives)
								defer cancel()
								Run(ctx, m, hang)
							})
							time.Sleep(10 * time.Millisecond)
						}
						took := time.Since(began)
						wg.Wait()
						if limit := 2*gives + time.Second; took > limit && (answered || gives >= patientTime || took > silentTime+limit) {
							t.Errorf("the breaker took %v to open, want %v at most, or a minute more if it has never answered", took, limit)
						}
					})
				})
			}
		}
	}
}

// Calls that a callee cuts off by hanging do not teach that their deadlines are too
// short: neither to the breakers of other keys, nor when it hangs again.
func TestHangingIsNotTakenForHaste(t *testing.T) {
	const takes, gives = 20 * time.Millisecond, 100 * time.Millisecond
	call := func(t *testing.T, m *Method, f func(context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), gives)
		defer cancel()
		Run(ctx, m, f)
	}
	t.Run("one key of two", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, get := newMethodByPeer(t, 10, func(_ *Spec, m *MethodSpec) { m.Breaker.Consecutive = 20 })
			for range 100 {
				call(t, get.For("a"), answerIn(takes))
			}
			for range 20 {
				call(t, get.For("a"), answerIn(takes))
				call(t, get.For("b"), hang)
			}
			s := c.Stats()
			if a, b := s.Breaker("Store", "a").State, s.Breaker("Store", "b").State; a != StateClosed || b != StateOpen {
				t.Errorf("the breakers of the key that is answered and of the one that is not are %v and %v", a, b)
			}
		})
	})
	t.Run("again and again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMethod(t, withBreaker(func(*Breaker) {}))
			for range 100 {
				call(t, m, answerIn(takes))
			}
			for range 20 {
				for range 30 {
					call(t, m, answerIn(takes))
				}
				for range 5 {
					call(t, m, hang)
				}
				wantState(t, c, StateOpen)
				time.Sleep(33 * time.Second)
				for range 2 {
					call(t, m, answerIn(takes))
				}
				wantState(t, c, StateClosed)
			}
		})
	})
}

// A callee that leaves most of the calls without an answer that give it much more than
// it needs is failing, though it answers the others.
func TestACalleeThatAnswersSomeOpens(t *testing.T) {
	for _, takes := range []time.Duration{20 * time.Millisecond, 300 * time.Millisecond} {
		t.Run(takes.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 0 }))
				for i := range 400 {
					f := answerIn(takes)
					if i >= 100 && i%3 != 0 {
						f = hang
					}
					ctx, cancel := context.WithTimeout(t.Context(), max(time.Second, longFactor*takes)+1)
					Run(ctx, m, f)
					cancel()
				}
				wantState(t, c, StateOpen)
			})
		})
	}
}

// An attempt that a driver ends at its context's deadline, by a deadline of the
// connection, is a time-out of whoever set the deadline, though ctx.Err is still nil.
func TestConnectionDeadlinesAreToldByTheClock(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { conn.Read(make([]byte, 1)); conn.Close() }) // until the client goes
		}
	})
	defer conns.Wait()
	defer silent.Close()
	read := func(ctx context.Context) error {
		conn, err := net.Dial("tcp", silent.Addr().String())
		if err != nil {
			return err
		}
		defer conn.Close()
		deadline, _ := ctx.Deadline()
		conn.SetDeadline(deadline)
		_, err = conn.Read(make([]byte, 1))
		return err
	}
	t.Run("the attempt's timeout", func(t *testing.T) {
		c, m := newMethod(t, withTimeouts(0, 3*time.Millisecond))
		for range 100 {
			if err := Run(t.Context(), m, read); !errors.Is(err, ErrTimeout) {
				t.Fatalf("got %v, want ErrTimeout", err)
			}
		}
		if s := c.Stats().Method("Get"); s.TimedOut != 100 {
			t.Errorf("stats %+v, want 100 time-outs", s)
		}
	})
	t.Run("the caller's deadline", func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ratio = 0 }))
		m.usual.observe(time.Hour)
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Millisecond)
			Run(ctx, m, read)
			cancel()
		}
		wantState(t, c, StateClosed)
		if s := c.Stats().Method("Get"); s.Deadline != 100 {
			t.Errorf("stats %+v, want 100 deadlines", s)
		}
	})
}

// A server that is told the deadline answers before it, in words of its own.
func TestServersThatKnowTheDeadlineSpeakBeforeIt(t *testing.T) {
	errStatement := errors.New("canceling statement due to statement timeout")
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), func(_ *Spec, m *MethodSpec) {
			m.Classify = []Classifier{ClassifierOf(func(err error) Class {
				if err == errStatement {
					return Infrastructure
				}
				return Undecided
			})}
		}))
		for range 20 {
			Run(t.Context(), m, answerIn(50*time.Millisecond))
		}
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			Run(ctx, m, func(context.Context) error { time.Sleep(19500 * time.Microsecond); return errStatement })
			cancel()
		}
		wantState(t, c, StateClosed)
	})
}

// An answer stays an answer, however late it comes.
func TestLateAnswersStayAnswers(t *testing.T) {
	byName := func(err error) Class {
		if errors.Is(err, errNotFound) {
			return Application
		}
		return Undecided
	}
	for name, answer := range map[string]error{"marked": App(errors.New("no such user")), "declared": errNotFound} {
		for _, late := range []time.Duration{-time.Millisecond, 0, time.Millisecond, time.Second} {
			t.Run(fmt.Sprint(name, " ", late), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withTimeouts(0, 10*time.Millisecond),
						func(_ *Spec, m *MethodSpec) { m.Classify = []Classifier{ClassifierOf(byName)} }))
					err := Run(t.Context(), m, func(context.Context) error { time.Sleep(10*time.Millisecond + late); return answer })
					if s := c.Stats().Method("Get"); err != answer || s.Attempts != 1 || s.Application != 1 {
						t.Errorf("got %v after %d attempts, %d of class application; want the answer after 1", err, s.Attempts, s.Application)
					}
				})
			})
		}
	}
}

// A call that its caller gives up after more than slow= counts as slow.
func TestCallsGivenUpCountAsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Slow = time.Second }))
		giveUpAfter := func(d time.Duration) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(d, cancel)
			Run(ctx, m, hang)
		}
		for range 20 {
			giveUpAfter(time.Second)
		}
		wantState(t, c, StateClosed)
		for range 5 {
			giveUpAfter(time.Second + 1)
		}
		wantState(t, c, StateOpen)
	})
}

// The estimate follows the callee, in both directions.
func TestUsualTimeFollowsTheCallee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const answers = 200
		var u usual
		low := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "low"))
		high := low + time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "spread"))
		for range answers {
			u.observe(low + time.Duration(rapid.Int64Range(0, int64(high-low)).Draw(t, "took")))
		}
		if u.reached(low-1, 1, answers) {
			t.Fatalf("a call of %v reached the usual time of answers in %v to %v", low-1, low, high)
		}
		if !u.reached(high+high/4, 1, answers) { // a quarter, for there are 16 samples
			t.Fatalf("a call of %v did not reach the usual time of answers in %v to %v", high+high/4, low, high)
		}
	})
}
