package resil

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// newMethodByPeer is a client with a breaker for each peer, of which it holds some.
func newMethodByPeer(t testing.TB, keys int, sets ...func(*Spec, *MethodSpec)) (*Client, *KeyedMethod[string]) {
	t.Helper()
	set := withBreaker(func(b *Breaker) { b.Consecutive = 2; b.Per = "peer"; b.Keys = keys })
	c, _ := newMethod(t, withAll(append([]func(*Spec, *MethodSpec){set}, sets...)...))
	return c, keyedMethod[string](c, "Get")
}

func TestOneKeysTroubleIsItsOwn(t *testing.T) {
	c, get := newMethodByPeer(t, 10)
	for range 2 {
		Run(context.Background(), get.For("bad"), fail)
	}
	if err := Run(context.Background(), get.For("bad"), succeed); !errors.Is(err, ErrOpen) {
		t.Errorf("bad got %v, want ErrOpen", err)
	}
	if err := Run(context.Background(), get.For("good"), succeed); err != nil {
		t.Errorf("good got %v", err)
	}
	s := c.Stats()
	if bad, good := s.Breaker("Store", "bad"), s.Breaker("Store", "good"); bad.State != StateOpen || good.State != StateClosed || good.Successes != 1 {
		t.Errorf("bad is %+v, good is %+v", bad, good)
	}
	if b := s.Breaker("Store"); !b.Keyed || b.Keys != 2 || b.OpenKeys != 1 {
		t.Errorf("stats %+v", b)
	}
	if key := s.Breaker("Store", "bad").Key; key != "bad" {
		t.Errorf("key %v", key)
	}
	c.Breaker("Store").For("bad").Reset()
	if err := Run(context.Background(), get.For("bad"), succeed); err != nil {
		t.Errorf("after its reset, bad got %v", err)
	}
	// Method counters are not per key.
	if m := s.Method("Get"); m.Calls != 4 {
		t.Errorf("%d calls, want 4", m.Calls)
	}
}

func TestForAllocatesNothingForAKnownKey(t *testing.T) {
	_, get := newMethodByPeer(t, 10, withLimit(Limit{Rate: Rate{Count: 1_000_000_000, Per: time.Second}, Scope: Scope{Per: "peer"}}))
	ctx := context.Background()
	peer := "10.0.0.1"
	if n := testing.AllocsPerRun(1000, func() { Run(ctx, get.For(peer), succeed) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestMethodsShareAKeysGuard(t *testing.T) {
	b := copyOf(&testBreaker)
	b.Consecutive, b.Per = 1, "peer"
	c := newClient(t, Spec{Name: "Store",
		Methods: []MethodSpec{{Name: "Get", Policies: Policies{Breaker: b}}, {Name: "Put", Policies: Policies{Breaker: b}}}})
	get, put := keyedMethod[string](c, "Get"), keyedMethod[string](c, "Put")
	Run(context.Background(), get.For("bad"), fail)
	if err := Run(context.Background(), put.For("bad"), succeed); !errors.Is(err, ErrOpen) {
		t.Errorf("Put got %v, want ErrOpen", err)
	}
	if err := Run(context.Background(), put.For("good"), succeed); err != nil {
		t.Errorf("Put of another key got %v", err)
	}
}

func TestKeysAreBoundedAndOnlyIdleOnesGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, get := newMethodByPeer(t, 10)
		for range 2 {
			Run(t.Context(), get.For("bad"), fail)
		}
		hold := make(chan bool)
		go Run(context.Background(), get.For("busy"), func(context.Context) error { <-hold; return nil })
		synctest.Wait()
		for i := range 8 {
			Run(t.Context(), get.For(fmt.Sprint("peer", i)), fail)
		}
		// All ten have something to remember: a newcomer shares.
		Run(t.Context(), get.For("new"), succeed)
		if b := c.Stats().Breaker("Store"); b.Keys != 10 || b.Overflowed != 1 {
			t.Errorf("stats %+v, want 10 keys and one that shared", b)
		}
		time.Sleep(61 * time.Second) // longer than window and open
		for i := range 8 {
			Run(t.Context(), get.For(fmt.Sprint("later", i)), succeed)
		}
		s := c.Stats()
		if b := s.Breaker("Store"); b.Keys != 10 || b.Overflowed != 1 {
			t.Errorf("stats %+v, want 10 keys, the idle ones replaced", b)
		}
		if bad := s.Breaker("Store", "bad"); bad.Opened != 1 {
			t.Errorf("the breaker that had opened was forgotten: %+v", bad)
		}
		close(hold)
	})
}

// Whatever keys without a place do, they are let through by what they share, and
// the stats say how many calls were.
func TestOverflowCountsAndNeverRefuses(t *testing.T) {
	scope := Scope{Per: "peer", Keys: 1}
	c, _ := newMethod(t, withAll(
		withBreaker(func(b *Breaker) { b.Consecutive, b.Scope = 2, scope }),
		withLimit(Limit{Rate: Rate{Count: 3, Per: time.Hour}, Wait: time.Minute, Scope: scope}),
		withBulkhead(Bulkhead{Calls: 1, Wait: time.Minute, Scope: scope})))
	get, ctx := keyedMethod[string](c, "Get"), context.Background()
	Run(ctx, get.For("first"), fail)
	calls := 0
	for i := range 20 {
		for _, how := range []func(context.Context) error{fail, succeed, func(context.Context) error { return Throttle(errDown, time.Hour) }} {
			Run(ctx, get.For(fmt.Sprint("new", i)), func(context.Context) error {
				return Run(ctx, get.For(fmt.Sprint("another", i)), func(ctx context.Context) error { calls++; return how(ctx) })
			})
		}
	}
	if calls != 60 {
		t.Errorf("%d of 60 calls without a place reached the callee", calls)
	}
	s := c.Stats()
	if b := s.Breaker("Store"); b.Overflowed != 120 || b.Keys != 1 || b.OpenKeys != 0 {
		t.Errorf("stats %+v, want 120 calls that shared, and no key open", b)
	}
	if m := s.Method("Get"); m.WouldLimit != 117 || m.WouldFull != 60 || m.WouldOpen != 0 {
		t.Errorf("stats %+v, want 117 beyond the limit and 60 beyond the bulkhead", m)
	}
	Run(ctx, get.For("first"), fail)
	if err := Run(ctx, get.For("first"), succeed); !errors.Is(err, ErrOpen) {
		t.Errorf("the key that has its place got %v, want ErrOpen", err)
	}
}

// What keys without a place share refuses nothing, not even forced open.
func TestForcedOverflowLetsCallsThrough(t *testing.T) {
	c, get := newMethodByPeer(t, 1)
	Run(context.Background(), get.For("first"), fail)
	c.Breaker("Store").ForceOpen()
	if err := Run(context.Background(), get.For("new"), succeed); err != nil {
		t.Errorf("got %v", err)
	}
	if n := c.Stats().Method("Get").WouldOpen; n != 1 {
		t.Errorf("WouldOpen %d, want 1", n)
	}
}

func TestAKeyWithoutFailuresGoesOnceItsCallsHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, get := newMethodByPeer(t, 3)
		Run(t.Context(), get.For("failing"), fail)
		Run(t.Context(), get.For("older"), succeed)
		time.Sleep(time.Second)
		Run(t.Context(), get.For("newer"), succeed)
		Run(t.Context(), get.For("a"), succeed)
		s := c.Stats()
		if b := s.Breaker("Store"); b.Keys != 3 || b.Overflowed != 0 {
			t.Errorf("stats %+v, want 3 keys, and none that shares", b)
		}
		for key, want := range map[string]uint64{"failing": 0, "older": 0, "newer": 1, "a": 1} {
			if n := s.Breaker("Store", key).Successes; n != want {
				t.Errorf("%s: %d successes, want %d", key, n, want)
			}
		}
		if n := s.Breaker("Store", "failing").Failures; n != 1 {
			t.Error("the key with a failure was forgotten")
		}
		time.Sleep(61 * time.Second) // longer than window and open
		for _, key := range []string{"b", "c", "d"} {
			Run(t.Context(), get.For(key), succeed)
		}
		if b := c.Stats().Breaker("Store", "failing"); b.Failures != 0 || !b.LastFailure.IsZero() {
			t.Errorf("a key whose failure is long ago kept its place: %+v", b)
		}
	})
}

func TestKeysThatNobodyProbesGiveUpTheirPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, get := newMethodByPeer(t, 2)
		for _, gone := range []string{"gone1", "gone2"} {
			for range 2 {
				Run(t.Context(), get.For(gone), fail)
			}
		}
		time.Sleep(24 * time.Hour)
		for _, key := range []string{"new1", "new2"} {
			Run(t.Context(), get.For(key), succeed)
		}
		if b := c.Stats().Breaker("Store"); b.Keys != 2 || b.OpenKeys != 0 || b.Overflowed != 0 {
			t.Errorf("stats %+v, want the two new keys", b)
		}
	})
}

func TestForcingAKeyWithoutAPlaceIsItsOwn(t *testing.T) {
	c, get := newMethodByPeer(t, 1)
	Run(context.Background(), get.For("first"), fail)
	c.Breaker("Store").For("bad").ForceOpen()
	if err := Run(context.Background(), get.For("bad"), succeed); !errors.Is(err, ErrOpen) {
		t.Errorf("the forced key got %v, want ErrOpen", err)
	}
	if err := Run(context.Background(), get.For("good"), succeed); err != nil {
		t.Errorf("a key that shares the overflow got %v", err)
	}
}

func TestForcingOutlivesTheKeysPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, get := newMethodByPeer(t, 1)
		bad := c.Breaker("Store").For("bad")
		time.Sleep(time.Hour)
		Run(t.Context(), get.For("good"), succeed) // takes the place
		bad.ForceOpen()
		time.Sleep(time.Hour)
		if err := Run(t.Context(), get.For("bad"), succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("got %v, want ErrOpen", err)
		}
	})
}

// Newcomers take each other's places all the time. None takes that of a key which is
// being forced.
func TestForcingIsNotLostToNewcomers(t *testing.T) {
	c, get := newMethodByPeer(t, 1)
	var stop atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop.Store(true)
	for i := range 3 {
		wg.Go(func() {
			for n := 0; !stop.Load(); n++ {
				Run(context.Background(), get.For(fmt.Sprint(i, n)), succeed)
			}
		})
	}
	for range 4000 {
		bad := c.Breaker("Store").For("bad")
		bad.ForceOpen()
		if s := c.Stats().Breaker("Store", "bad").State; s != StateForcedOpen {
			t.Fatalf("it is %v after ForceOpen", s)
		}
		if n := c.Stats().Breaker("Store").OpenKeys; n != 1 {
			t.Fatalf("%d keys are open, want the one that is forced", n)
		}
		bad.Reset()
	}
}

// A key that is not equal to itself cannot be found again.
func TestForcingANaNHoldsNothing(t *testing.T) {
	c, _ := newMethod(t, withBreaker(func(b *Breaker) { b.Per = "load"; b.Keys = 1 }))
	get := keyedMethod[float64](c, "Get")
	for range 10 {
		c.Breaker("Store").For(math.NaN()).ForceOpen()
	}
	if b := c.Stats().Breaker("Store"); b.Keys != 0 || b.OpenKeys != 0 {
		t.Errorf("stats %+v", b)
	}
	if err := Run(t.Context(), get.For(math.NaN()), succeed); err != nil {
		t.Errorf("got %v", err)
	}
}

// An entry stays while its breaker has something to say: a failure of any kind in
// the window, or a ramp.
func TestAKeyWithRecentFailuresStays(t *testing.T) {
	for name, tt := range map[string]struct {
		make  func(*Client, *Method)
		stays time.Duration
	}{
		"a failure": {func(_ *Client, m *Method) { Run(context.Background(), m, fail) }, time.Minute},
		"a failure at the caller's deadline": {func(_ *Client, m *Method) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			Run(ctx, m, hang)
		}, time.Minute},
		"a ramp": {func(c *Client, m *Method) {
			b := c.Breaker("Store").For("failed")
			for b.State() == StateClosed {
				Run(context.Background(), m, fail)
			}
			time.Sleep(c.Stats().Breaker("Store", "failed").RetryAfter)
			for b.State() == StateHalfOpen {
				Run(context.Background(), m, succeed)
			}
		}, 2*time.Minute - 1},
		"forced": {func(c *Client, m *Method) { c.Breaker("Store").For("failed").ForceClose() }, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, get := newMethodByPeer(t, 1, func(_ *Spec, m *MethodSpec) { m.Breaker.Ramp = 2 * time.Minute })
				for _, wait := range []time.Duration{tt.stays, tt.stays + 1} {
					m := get.For("failed")
					held := m.breaker
					tt.make(c, m)
					m.entry.pins.Store(0)
					time.Sleep(wait)
					Run(t.Context(), get.For("new"), succeed)
					if stayed := c.Breaker("Store").For("failed") == held; stayed != (wait <= tt.stays || name == "forced") {
						t.Errorf("after %v the key has its place: %v", wait, stayed)
					}
					c.Breaker("Store").For("failed").Reset()
					time.Sleep(48 * time.Hour)
				}
			})
		})
	}
}

func TestPlacesGivenByHandAreTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, get := newMethodByPeer(t, 2)
		for i := range 6 {
			c.Breaker("Store").For(fmt.Sprint("forced", i)).ForceOpen()
		}
		for i := range 6 {
			c.Breaker("Store").For(fmt.Sprint("forced", i)).Reset()
		}
		for i := range 5 {
			Run(t.Context(), get.For(fmt.Sprint("new", i)), succeed)
		}
		if b := c.Stats().Breaker("Store"); b.Keys != 2 || b.Overflowed != 0 {
			t.Errorf("stats %+v, want 2 keys", b)
		}
	})
}

func TestOneEntryWhenManyAskAtOnce(t *testing.T) {
	for range 20 {
		c, get := newMethodByPeer(t, 100)
		var wg sync.WaitGroup
		begin := make(chan bool)
		for range 200 {
			wg.Go(func() { <-begin; Run(context.Background(), get.For("peer"), succeed) })
		}
		close(begin)
		wg.Wait()
		if s := c.Stats(); s.Breaker("Store").Keys != 1 || s.Breaker("Store", "peer").Successes != 200 {
			t.Fatalf("stats %+v, %+v", s.Breaker("Store"), s.Breaker("Store", "peer"))
		}
	}
}

func TestANaNKeyLeaksNothing(t *testing.T) {
	c, _ := newMethod(t, withBreaker(func(b *Breaker) { b.Per = "x"; b.Keys = 10 }))
	get := keyedMethod[float64](c, "Get")
	for range 100 {
		Run(context.Background(), get.For(math.NaN()), succeed)
	}
	if b := c.Stats().Breaker("Store"); b.Keys != 0 || b.Overflowed != 100 {
		t.Errorf("stats %+v", b)
	}
}

func TestAKeyHoldsHalfTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, get := newMethodByPeer(t, 10, withRetry(func(r *Retry) { r.Attempts = 2; r.Initial = time.Nanosecond; r.Jitter = JitterFull }),
			func(_ *Spec, m *MethodSpec) { m.Breaker.Mode = ModeObserve })
		for range 200 {
			Run(t.Context(), get.For("bad"), fail)
		}
		if s := c.Stats().Method("Get"); s.Retries != 5 {
			t.Errorf("one key made %d retries, want half of 10", s.Retries)
		}
		Run(t.Context(), get.For("other"), fail)
		if s := c.Stats().Method("Get"); s.Retries != 6 {
			t.Error("another key found no retry left")
		}
		for range 100 {
			Run(t.Context(), get.For("good"), succeed)
		}
		for range 200 {
			Run(t.Context(), get.For("bad"), fail)
		}
		if s := c.Stats().Method("Get"); s.Retries != 16 {
			t.Errorf("one key made %d retries of the 20 that 100 answers bring, want half", s.Retries-6)
		}
		time.Sleep(time.Minute)
		for range 200 {
			Run(t.Context(), get.For("bad"), fail)
		}
		if s := c.Stats().Method("Get"); s.Retries != 19 {
			t.Errorf("one key made %d retries after a minute, want half of the 6 that came back", s.Retries-16)
		}
	})
}

func TestRetryThatTheClientCannotAffordCostsTheKeyNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, get := newMethodByPeer(t, 10, withRetry(func(r *Retry) { r.Attempts = 2; r.Initial = time.Nanosecond }), func(_ *Spec, m *MethodSpec) { m.Breaker.Mode = ModeObserve })
		spendAll(c)
		for range 50 {
			Run(t.Context(), get.For("bad"), fail)
		}
		if s := c.Stats().Method("Get"); s.Retries != 0 || s.Budget != 50 {
			t.Fatalf("stats %+v, want no retry without a budget", s)
		}
		c.budget.reserve = fullReserve(c.now())
		for range 50 {
			Run(t.Context(), get.For("bad"), fail)
		}
		if s := c.Stats().Method("Get"); s.Retries != 5 {
			t.Errorf("%d retries, want the key's 5", s.Retries)
		}
	})
}

func TestStatsMayBeReadWhileKeysAreAskedFor(t *testing.T) {
	var r Registry
	var wg sync.WaitGroup
	built := make(chan bool)
	wg.Go(func() {
		for {
			for _, c := range r.Clients() {
				c.Stats()
			}
			select {
			case <-built:
				return
			default:
				runtime.Gosched()
			}
		}
	})
	for range 50 {
		spec := fullSpec()
		spec.Methods[0].Breaker.Per = "peer"
		keyedMethod[string](newClient(t, spec, WithRegistry(&r)), "Get")
	}
	close(built)
	wg.Wait()
}

func TestWrongUseOfKeysPanics(t *testing.T) {
	c, _ := newMethodByPeer(t, 10)
	for name, use := range map[string]func(){
		"unknown method":     func() { keyedMethod[string](c, "Put") },
		"two types of key":   func() { keyedMethod[int](c, "Get") },
		"a key of its own":   func() { c.Breaker("Store").For(7) },
		"a method unguarded": func() { c, _ := newMethod(t, func(*Spec, *MethodSpec) {}); keyedMethod[string](c, "Get") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			use()
		})
	}
}

// Whatever comes, no more keys are held than allowed, and none that is open is
// lost.
func TestKeyedTableProperties(t *testing.T) {
	type step struct {
		key   string
		pause time.Duration
		fails bool
	}
	rapid.Check(t, func(rt *rapid.T) {
		keys := rapid.IntRange(1, 20).Draw(rt, "keys")
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
			return step{
				key:   fmt.Sprint(rapid.IntRange(0, 40).Draw(rt, "key")),
				pause: time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 20, 70}).Draw(rt, "pause")) * time.Second,
				fails: rapid.Bool().Draw(rt, "fails"),
			}
		}), 1, 200).Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			c, get := newMethodByPeer(t, keys)
			openUntil := map[string]time.Time{}
			for i, s := range steps {
				time.Sleep(s.pause)
				call := succeed
				if s.fails {
					call = fail
				}
				Run(t.Context(), get.For(s.key), call)
				stats := c.Stats()
				if held := stats.Breaker("Store").Keys; held > keys {
					wrong = fmt.Sprintf("step %d: %d keys held, more than %d", i, held, keys)
				}
				if b := stats.Breaker("Store", s.key); b.State == StateOpen {
					openUntil[s.key] = time.Now().Add(b.RetryAfter)
				}
				for key, until := range openUntil {
					if b := stats.Breaker("Store", key); time.Now().Before(until) && b.State != StateOpen {
						wrong = fmt.Sprintf("step %d: %s is %v before its open time is over", i, key, b.State)
					}
				}
			}
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

func TestBytesPerKey(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	const n = 100_000
	c, get := newMethodByPeer(t, n)
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, name := range names {
		Run(context.Background(), get.For(name), succeed)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (after.HeapAlloc - before.HeapAlloc) / n; each > 900 {
		t.Errorf("%d bytes a key, want at most 900", each)
	} else {
		t.Logf("%d bytes a key", each)
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(names)
}
