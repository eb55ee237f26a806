package resil

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func apply(t *testing.T, c *Client, o Overrides) {
	t.Helper()
	if err := c.Apply(o); err != nil {
		t.Fatal(err)
	}
}

// inForce is all that a client obeys.
func inForce(c *Client) (list []any) {
	for _, p := range c.plans {
		t := *p.terms.Load()
		list = append(list, t.timeout, t.retry, t.retryable, t.hedge, t.slow, t.timed, t.draws, t.totalCause.Error(), t.attemptCause.Error())
	}
	for _, m := range c.methods {
		list = append(list, m.light.Load())
	}
	for name, g := range c.breakers {
		list = append(list, name, g.policy.Load().Breaker, g.policy.Load().rule, g.observes(), g.shared.phase.Load().state)
	}
	for name, g := range c.limits {
		list = append(list, name, *g.policy.Load(), g.observes(), g.shared.bucket.Limit(), g.shared.bucket.Burst())
	}
	for name, g := range c.bulkheads {
		list = append(list, name, *g.policy.Load(), g.observes())
	}
	if c.budget != nil {
		list = append(list, c.budget.share)
	}
	return append(list, c.Overrides())
}

// smallShop has one of each guard, whose maps have one order.
func smallShop() Spec {
	spec := shopSpec()
	spec.Methods = spec.Methods[:2]
	return spec
}

// anyOverrides draws overrides of the shop, most of them right.
func anyOverrides(rt *rapid.T) Overrides {
	o := Overrides{}
	for _, one := range []struct {
		target, directive string
		texts             []string
	}{
		{"Shop", "breaker", []string{"open=5s..1m", "window=10s", "window=20s min=3", "slow=1s", "probes=1", "probes=9 ramp=3s", "ratio=off consecutive=3", "mode=observe", "ratio=0%"}},
		{"Shop", "bulkhead", []string{"1", "20 wait=1s", "3 mode=observe", "0"}},
		{"Shop[List*]", "limit", []string{"1/s", "100/s burst=2 wait=1s queue=3", "5/s hints=off", "1000/m mode=observe", "burst=0"}},
		{"Shop", "retry", []string{"attempts=5 max=2s", "budget=off", "budget=50%", "1", "on=infrastructure", "attempts=0"}},
		{"Shop.Get", "retry", []string{"attempts=2 backoff=constant", "max=1ms"}},
		{"Shop.Get", "timeout", []string{"2h", "attempt=1m", "1s attempt=2s"}},
		{"Shop.List", "hedge", []string{"50ms max=3", "1m"}},
		{"Shop.Gte", "retry", []string{"5"}},
	} {
		if i := rapid.IntRange(-len(one.texts), len(one.texts)-1).Draw(rt, one.target+" "+one.directive); i >= 0 {
			if o[one.target] == nil {
				o[one.target] = map[string]string{}
			}
			o[one.target][one.directive] = one.texts[i]
		}
	}
	return o
}

// Whatever was in force before, a client obeys what one made with the same overrides
// does. Overrides that New refuses change nothing.
func TestApplyIsAsNewWithTheseOverrides(t *testing.T) {
	same := func(a, b []any) string {
		for i := range a {
			if !reflect.DeepEqual(a[i], b[i]) {
				return fmt.Sprintf("%d: %+v, want %+v", i, a[i], b[i])
			}
		}
		return ""
	}
	rapid.Check(t, func(rt *rapid.T) {
		c, err := New(smallShop())
		if err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 5).Draw(rt, "times") {
			o := anyOverrides(rt)
			before := inForce(c)
			fresh, want := New(smallShop(), WithOverrides(o))
			err := c.Apply(o)
			if fmt.Sprint(err) != fmt.Sprint(want) {
				rt.Fatalf("Apply returned %v, New %v", err, want)
			}
			if err == nil {
				before = inForce(fresh)
			}
			if diff := same(inForce(c), before); diff != "" {
				rt.Fatalf("after %v (%v): %s", o, err, diff)
			}
		}
	})
}

// Calls run while the policies change, and the race detector looks on.
func TestCallsRunWhileOverridesAreApplied(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c, err := New(smallShop())
		if err != nil {
			rt.Fatal(err)
		}
		all := make([]Overrides, 20)
		for i := range all {
			all[i] = anyOverrides(rt)
		}
		var stop atomic.Bool
		var calls atomic.Uint64
		var wg sync.WaitGroup
		for i, name := range []string{"Get", "List", "Get", "List"} {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if i > 1 {
					ctx = context.Background()
				}
				for n := 0; !stop.Load(); n++ {
					f := func(context.Context) (int, error) {
						if n%3 == 0 {
							return 0, App(errNotFound)
						}
						return 0, nil
					}
					if name == "Get" {
						Call(ctx, c.Method(name), f)
					} else {
						Hedged(ctx, c.Method(name), f, nil)
					}
					calls.Add(1)
				}
			})
		}
		var last Overrides
		for _, o := range all {
			if c.Apply(o) == nil {
				last = o
			}
			c.Stats()
		}
		stop.Store(true)
		wg.Wait()
		var counted uint64
		for _, m := range c.Stats().Methods {
			counted += m.Calls
		}
		if counted != calls.Load() {
			rt.Errorf("%d calls counted of %d", counted, calls.Load())
		}
		if got := c.Overrides(); !reflect.DeepEqual(got, last) && len(got)+len(last) > 0 {
			rt.Errorf("in force %v, want %v", got, last)
		}
		if b := c.Stats().Bulkhead("Shop"); b.InUse != 0 || b.Waiting != 0 {
			rt.Errorf("places were lost: %+v", b)
		}
	})
}

func TestApplyKeepsWhatBreakersKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		trip(t, c, m)
		left := c.Stats().Breaker("Store").RetryAfter
		apply(t, c, Overrides{"Store": {"breaker": "open=1s probes=1 window=10s"}})
		if s := c.Stats().Breaker("Store"); s.State != StateOpen || s.RetryAfter != left || s.Opened != 1 {
			t.Errorf("an open breaker became %+v", s)
		}
		time.Sleep(left)
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed) // one probe is enough now
		for range 4 {
			Run(t.Context(), m, succeed)
			Run(t.Context(), m, fail)
		}
		Run(t.Context(), m, fail)
		for _, window := range []string{"20s", "5s", "1m"} {
			apply(t, c, Overrides{"Store": {"breaker": "window=" + window}})
			if s := c.Stats().Breaker("Store"); s.Successes != 4 || s.Failures != 5 || s.Streak != 2 || s.State != StateClosed {
				t.Errorf("with a window of %s: %+v", window, s)
			}
		}
		apply(t, c, Overrides{"Store": {"breaker": "window=5s"}})
		Run(t.Context(), m, succeed) // completes the minimum of 10
		wantState(t, c, StateOpen)
		c.Breaker("Store").Reset()
		Run(t.Context(), m, fail)
		time.Sleep(6 * time.Second)
		if s := c.Stats().Breaker("Store"); s.Failures != 0 {
			t.Errorf("a window of 5s still holds %+v after 6s", s)
		}
	})
}

func TestAWindowThatIsResizedKeepsTheShareOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive, b.Ratio = 0, 90*Percent }))
		for range 10_000 {
			Run(t.Context(), m, succeed)
			Run(t.Context(), m, succeed)
			Run(t.Context(), m, fail)
		}
		apply(t, c, Overrides{"Store": {"breaker": "window=30s"}})
		if s := c.Stats().Breaker("Store"); s.Failures != 3333 || s.Successes != 6667 || s.Streak != 1 {
			t.Errorf("%d failures and %d successes, want a third of 10,000", s.Failures, s.Successes)
		}
	})
}

func TestFewerProbesThanHavePassedDoNotWedgeABreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = 10 }))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range 5 {
			Run(t.Context(), m, succeed)
		}
		apply(t, c, Overrides{"Store": {"breaker": "probes=2"}})
		wantState(t, c, StateHalfOpen)
		if err := Run(t.Context(), m, func(ctx context.Context) error {
			if err := Run(ctx, m, succeed); !errors.Is(err, ErrOpen) {
				t.Errorf("a second probe at once got %v", err)
			}
			return nil
		}); err != nil {
			t.Errorf("the next probe got %v", err)
		}
		wantState(t, c, StateClosed)
	})
}

func TestApplyMakesAGuardObserveAndEnforce(t *testing.T) {
	c, m := newMethod(t, withBreaker(func(*Breaker) {}))
	c.Breaker("Store").ForceOpen()
	for _, mode := range []string{"observe", "enforce", "observe"} {
		apply(t, c, Overrides{"Store": {"breaker": "mode=" + mode}})
		if err := Run(t.Context(), m, succeed); (err == nil) != (mode == "observe") {
			t.Errorf("%s: got %v", mode, err)
		}
	}
	apply(t, c, nil)
	if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) {
		t.Errorf("as declared: got %v", err)
	}
}

// A method whose calls need no clock needs one when slow= comes.
func TestApplyTurnsSlowOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		slow := func(context.Context) error { time.Sleep(2 * time.Second); return nil }
		for range 20 {
			Run(context.Background(), m, succeed) // the first are all timed
		}
		apply(t, c, Overrides{"Store": {"breaker": "slow=1s"}})
		for range 5 {
			Run(context.Background(), m, slow)
		}
		wantState(t, c, StateOpen)
	})
}

func TestApplyKeepsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 10, Per: 10 * time.Second}, Wait: time.Hour}))
		for range 8 {
			Run(t.Context(), m, succeed)
		}
		apply(t, c, Overrides{"Store": {"limit": "100/s"}})
		if l := c.Stats().Limit("Store"); l.Tokens != 2 || l.Burst != 100 {
			t.Errorf("%+v, want the 2 tokens that were left, and no fresh burst", l)
		}
		apply(t, c, Overrides{"Store": {"limit": "1/s burst=1"}})
		if l := c.Stats().Limit("Store"); l.Tokens != 1 {
			t.Errorf("%+v, want what fits in the bucket", l)
		}
		Run(t.Context(), m, succeed)
		var took atomic.Int64
		start := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { Run(context.Background(), m, succeed); took.Store(int64(time.Since(start))) })
		}
		time.Sleep(1500 * time.Millisecond)
		apply(t, c, Overrides{"Store": {"limit": "10/s burst=1"}}) // half a token is there
		wg.Wait()
		if got := time.Duration(took.Load()); got < 2349*time.Millisecond || got > 2351*time.Millisecond {
			t.Errorf("10 waited %v, want 1 in the first second, and 9 at 10/s after 1.5s, of which 50ms are there", got)
		}
	})
}

func TestApplyEndsAHintThatIsNotToBeObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 10, Per: time.Second}}))
		Run(t.Context(), m, func(context.Context) error { return Throttle(errNotFound, 20*time.Second) })
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrLimited) {
			t.Errorf("held back: got %v", err)
		}
		apply(t, c, Overrides{"Store": {"limit": "hints=off"}})
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

func TestApplyLetsInThoseWhoWaitForAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBulkhead(Bulkhead{Calls: 1, Wait: time.Hour}))
		stop := make(chan bool)
		for range 5 {
			go Run(context.Background(), m, func(context.Context) error { <-stop; return nil })
		}
		synctest.Wait()
		apply(t, c, Overrides{"Store": {"bulkhead": "4"}})
		synctest.Wait()
		if b := c.Stats().Bulkhead("Store"); b.InUse != 4 || b.Waiting != 1 {
			t.Errorf("%+v, want 4 inside", b)
		}
		apply(t, c, nil)
		if b := c.Stats().Bulkhead("Store"); b.InUse != 4 || b.Waiting != 1 || b.Calls != 1 {
			t.Errorf("%+v, want nobody thrown out", b)
		}
		close(stop)
		synctest.Wait()
		if b := c.Stats().Bulkhead("Store"); b.InUse != 0 || b.Waiting != 0 {
			t.Errorf("afterwards %+v", b)
		}
	})
}

func TestApplyKeepsTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = 2 }))
		for range 100 {
			Run(t.Context(), m, succeed)
		}
		for range 5 {
			Run(t.Context(), m, fail)
		}
		apply(t, c, Overrides{"Store": {"retry": "budget=50%"}})
		if b := c.Stats().Budget; b.Share != 50*Percent || b.Answered != 100 || b.Spent != 5 || b.Left != 55 {
			t.Errorf("%+v", b)
		}
		apply(t, c, Overrides{"Store": {"retry": "budget=off"}})
		for range 100 {
			Run(t.Context(), m, succeed)
			if err := Run(t.Context(), m, fail); errors.Is(err, ErrBudget) {
				t.Fatal("a budget that is off is spent")
			}
		}
		time.Sleep(time.Minute)
		apply(t, c, nil)
		if b := c.Stats().Budget; b.Answered != 0 {
			t.Errorf("answers from before it was on count: %+v", b)
		}
		for range 50 {
			Run(t.Context(), m, succeed)
		}
		if b := c.Stats().Budget; b.Answered != 50 || b.Left != 10+uint64(b.Reserve) {
			t.Errorf("%+v, want 50 answers", b)
		}
	})
}

func TestApplyReachesEachKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newMethod(t, withAll(
			withBreaker(func(b *Breaker) { b.Per = "peer" }),
			withLimit(Limit{Rate: Rate{Count: 100, Per: time.Hour}, Scope: Scope{Per: "peer"}})))
		get := keyedMethod[string](c, "Get")
		for range 5 {
			Run(t.Context(), get.For("bad"), fail)
			Run(t.Context(), get.For("good"), succeed)
		}
		apply(t, c, Overrides{"Store": {"breaker": "window=10s keys=500", "limit": "rate=10/h burst=7"}})
		s := c.Stats()
		if s.Breaker("Store", "bad").State != StateOpen || s.Breaker("Store", "good").Successes != 5 {
			t.Errorf("bad %+v, good %+v", s.Breaker("Store", "bad"), s.Breaker("Store", "good"))
		}
		if l := s.Limit("Store", "good"); l.Tokens != 7 || l.Rate.Count != 10 {
			t.Errorf("good's limit %+v", l)
		}
		for key := range 600 {
			Run(t.Context(), get.For(fmt.Sprint(key)), succeed)
		}
		// The limit still says 10,000 keys, the larger of the two.
		if n := c.Stats().Breaker("Store").Keys; n != 602 {
			t.Errorf("%d keys held, want all", n)
		}
		apply(t, c, Overrides{"Store": {"breaker": "keys=100", "limit": "keys=100"}})
		time.Sleep(48 * time.Hour)
		for key := range 1500 {
			Run(t.Context(), get.For(fmt.Sprint("new", key)), succeed)
			time.Sleep(time.Hour)
		}
		if n := c.Stats().Breaker("Store").Keys; n > 100 {
			t.Errorf("%d keys held, want 100 at most", n)
		}
	})
}

func TestACallKeepsTheTermsWithWhichItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withTimeouts(time.Minute, 0)))
		calls := 0
		Run(t.Context(), m, func(context.Context) error {
			calls++
			apply(t, c, Overrides{"Store": {"retry": "5 initial=1s", "timeout": "1h"}})
			return errDown
		})
		if calls != 3 {
			t.Errorf("%d attempts, want the 3 that were in force", calls)
		}
		calls = 0
		Run(t.Context(), m, func(context.Context) error { calls++; return errDown })
		if calls != 5 {
			t.Errorf("%d attempts, want 5 for the next call", calls)
		}
	})
}

func TestApplyThatIsWrongChangesNothing(t *testing.T) {
	c := newClient(t, shopSpec(), WithOverrides(Overrides{"Shop": {"breaker": "open=5s"}}))
	before := c.Overrides()
	err := c.Apply(Overrides{"Shop": {"breaker": "open=7s", "retry": "atempts=5"}, "Shop.Gte": {"timeout": "2s"}})
	for _, want := range []string{`unknown key "atempts"`, `did you mean "Shop.Get"?`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s in it", err, want)
		}
	}
	if got := c.Overrides(); !reflect.DeepEqual(got, before) || c.breakers["Shop"].policy.Load().Open != 5*time.Second {
		t.Errorf("in force: %v", got)
	}
}

func TestOverridesInForceAreACopy(t *testing.T) {
	o := Overrides{"Store": {"breaker": "open=5s"}}
	c := newClient(t, fullSpec(), WithOverrides(o))
	o["Store"]["breaker"] = "nonsense"
	c.Overrides()["Store"]["breaker"] = "nonsense"
	if got := c.Overrides()["Store"]["breaker"]; got != "open=5s" {
		t.Errorf("in force: %q", got)
	}
	if got := newClient(t, fullSpec()).Overrides(); got != nil {
		t.Errorf("without overrides: %v", got)
	}
}

func TestAnEventSaysWhatApplyChanged(t *testing.T) {
	var events [][]string
	c := newClient(t, shopSpec(), WithOverrides(Overrides{"Shop": {"breaker": "open=5s"}}), WithName("shop-eu"),
		WithObserver(func(_ context.Context, e Event) {
			var list []string
			for _, change := range e.Changes {
				list = append(list, change.String())
			}
			events = append(events, append([]string{e.Kind.String()}, list...))
		}))
	apply(t, c, Overrides{"Shop": {"breaker": "open=5s"}}) // nothing new
	apply(t, c, Overrides{"Shop": {"breaker": "open=7s..1m slow=2s"}, "Shop.Get": {"retry": "5", "timeout": "attempt=3s"}, "Shop[List*]": {"limit": "20/s"}})
	c.Flush(t.Context())
	want := [][]string{{"applied",
		"shop-eu.Get: timeout attempt  → 3s",
		"shop-eu.Get: retry attempts 3 → 5",
		"Shop: breaker open 5s → 7s..1m",
		"Shop: breaker slow off → 2s",
		"Shop[List*]: limit rate 10/s → 20/s",
		"Shop[List*]: limit burst 10 → 20"}}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRegistryAppliesToAllClientsOrNone(t *testing.T) {
	var r Registry
	eu := newClient(t, fullSpec(), WithName("eu"), WithRegistry(&r), WithRegistry(&r))
	us := newClient(t, fullSpec(), WithName("us"), WithRegistry(&r))
	shop := newClient(t, shopSpec(), WithRegistry(&r))
	attempts := func() (n []int) {
		for _, c := range []*Client{eu, us, shop} {
			n = append(n, c.plans[0].terms.Load().retry.Attempts)
		}
		return n
	}
	check := func(o Overrides, wrong string, want ...int) {
		t.Helper()
		err := r.Apply(o)
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%v: got %v, want %q", o, err, wrong)
		}
		if got := attempts(); !slices.Equal(got, want) {
			t.Errorf("%v: attempts %v, want %v", o, got, want)
		}
	}
	check(Overrides{"Store": {"retry": "5"}, "us.Get": {"retry": "6"}, "Shop.Get": {"retry": "7"}}, "", 5, 6, 7)
	check(Overrides{"Store": {"retry": "8"}, "Shop.Gte": {"retry": "8"}}, `did you mean "Shop.Get"?`, 5, 6, 7)
	check(Overrides{"Store": {"retry": "8"}, "Shop.Get": {"retry": "attempts=x"}}, `attempts: "x"`, 5, 6, 7)
	check(Overrides{"Shop.Get": {"retry": "7"}}, "", 3, 3, 7)
	if o := eu.Overrides(); o != nil {
		t.Errorf("eu has %v in force", o)
	}
	check(nil, "", 3, 3, 3)
	var none *Registry
	if err := none.Apply(Overrides{"Store": {"retry": "5"}}); err == nil {
		t.Error("no registry has a client called Store")
	}
}

func TestSuccessAllocatesNothingAfterApply(t *testing.T) {
	c := newClient(t, fullSpec())
	apply(t, c, Overrides{"Store": {"retry": "5", "breaker": "window=10s"}})
	m, ctx := c.Method("Get"), context.Background()
	next := func(context.Context, string) (int, error) { return 42, nil }
	if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
