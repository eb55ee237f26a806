package resil

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// spendAll takes all tokens of a client's budget and returns how many there were.
func spendAll(c *Client) (tokens int) {
	for {
		if _, ok := c.budget.spend(c.plans, nil, c.now()); !ok {
			return tokens
		}
		tokens++
	}
}

func TestBudgetStopsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = 2; r.Initial = time.Nanosecond; r.Jitter = JitterFull }))
		backend := &callee{answers: failures(1000)}
		var spent error
		for range 200 {
			if err := Run(t.Context(), m, backend.call); errors.Is(err, ErrBudget) {
				spent = err
			}
		}
		if s := c.Stats().Method("Get"); s.Retries != 10 || s.Budget != 190 {
			t.Errorf("%d retries and %d calls stopped by the budget, want the reserve's 10 and 190", s.Retries, s.Budget)
		}
		if !errors.Is(spent, errDown) {
			t.Errorf("%v lost the last error", spent)
		}
		// It comes back by itself, one in ten seconds …
		time.Sleep(30 * time.Second)
		for range 20 {
			Run(t.Context(), m, backend.call)
		}
		if s := c.Stats().Method("Get"); s.Retries != 13 {
			t.Errorf("%d retries after half a minute, want 13", s.Retries)
		}
		// … and by answers, a fifth of a token each.
		for range 50 {
			Run(t.Context(), m, succeed)
		}
		for range 20 {
			Run(t.Context(), m, backend.call)
		}
		if s := c.Stats().Method("Get"); s.Retries != 23 {
			t.Errorf("%d retries after 50 answers, want 23", s.Retries)
		}
		// Answers do not last.
		for range 50 {
			Run(t.Context(), m, succeed)
		}
		time.Sleep(budgetWindow)
		for range 20 {
			Run(t.Context(), m, backend.call)
		}
		if s := c.Stats().Method("Get"); s.Retries != 24 {
			t.Errorf("%d retries ten seconds after the answers, want the one that came back by itself", s.Retries-23)
		}
	})
}

// A budgetModel is what a budget is meant to do, with a list of all that happened.
type budgetModel struct {
	share    Ratio
	answers  []time.Duration
	spent    []modelToken
	reserves map[string]*modelReserve // by key; "" is the client's
}

type modelToken struct {
	token
	key string // "" for none
}

// A modelReserve holds tokens in nanoseconds of refilling.
type modelReserve struct {
	size, each, have, at time.Duration
}

// Only a retry that reaches the callee costs a token, whichever way it ends.
func TestTokenOfARetryThatDoesNotComeAboutComesBack(t *testing.T) {
	second := func(f func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error {
			if Attempt(ctx) == 1 {
				return errDown
			}
			return f(ctx)
		}
	}
	none := func(*Spec, *MethodSpec) {}
	for _, tt := range []struct {
		name   string
		set    func(*Spec, *MethodSpec)
		second func(context.Context) error
		during func(c *Client, cancel func()) // the pause
		left   int
	}{
		{"a retry", none, fail, nil, 9},
		{"one that panics", none, func(context.Context) error { panic("boom") }, nil, 9},
		{"one that ends its goroutine", none, func(context.Context) error { runtime.Goexit(); return nil }, nil, 9},
		{"the caller gives up", none, fail, func(_ *Client, cancel func()) { cancel() }, 10},
		{"the observer ends the goroutine", none, fail, func(*Client, func()) { runtime.Goexit() }, 10},
		{"the breaker opens", withBreaker(func(*Breaker) {}), fail, func(c *Client, _ func()) { c.Breaker("Store").ForceOpen() }, 10},
		{"the limit is reached", withLimit(Limit{Rate: Rate{Count: 1, Per: time.Hour}, Burst: 1}), fail, nil, 10},
		{"each key", withBreaker(func(b *Breaker) { b.Per = "peer" }), fail, func(_ *Client, cancel func()) { cancel() }, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var c *Client
				c, m := newMethod(t, withAll(withRetry(func(r *Retry) { r.Attempts = 2 }), tt.set), WithObserver(func(_ context.Context, e Event) {
					if e.Kind == EventRetryScheduled && tt.during != nil {
						tt.during(c, cancel)
					}
				}))
				if tt.name == "each key" {
					m = keyedMethod[string](c, "Get").For("a")
				}
				var wg sync.WaitGroup
				wg.Go(func() {
					defer func() { _ = recover() }()
					Run(ctx, m, second(tt.second))
				})
				wg.Wait()
				if tt.name == "each key" && !c.budget.idle(m.entry.half(), c.now()) {
					t.Error("the key's half misses a token")
				}
				if left := spendAll(c); left != tt.left {
					t.Errorf("%d tokens are left, want %d", left, tt.left)
				}
			})
		})
	}
}

func (r *modelReserve) refill(now time.Duration) {
	r.have, r.at = min(r.have+now-r.at, r.size*r.each), now
}

func newBudgetModel(share Ratio) *budgetModel {
	return &budgetModel{share: share, reserves: map[string]*modelReserve{"": {size: 10, each: 10 * time.Second, have: 100 * time.Second}}}
}

func (b *budgetModel) reserve(key string, now time.Duration) *modelReserve {
	if b.reserves[key] == nil {
		b.reserves[key] = &modelReserve{size: 5, each: 20 * time.Second, have: 100 * time.Second, at: now}
	}
	b.reserves[key].refill(now)
	return b.reserves[key]
}

// recentEnough reports whether what happened then counts now.
func recentEnough(then, now time.Duration) bool {
	const half = 500 * time.Millisecond
	return now/half-then/half < 20
}

func (b *budgetModel) spend(key string, now time.Duration) bool {
	answers, spent, own := 0, 0, 0
	for _, at := range b.answers {
		if recentEnough(at, now) {
			answers++
		}
	}
	for _, t := range b.spent {
		if t.reserved || !recentEnough(t.at, now) {
			continue
		}
		spent++
		if t.key == key {
			own++
		}
	}
	allowed := float64(answers) * float64(b.share) / 1e6
	t := modelToken{token{at: now}, key}
	if float64(spent+1) <= allowed && (key == "" || float64(own+1) <= allowed/2) {
		b.spent = append(b.spent, t)
		return true
	}
	client, its := b.reserve("", now), b.reserve(key, now)
	if client.have < client.each || its.have < its.each {
		return false
	}
	client.have -= client.each
	if key != "" {
		its.have -= its.each
	}
	t.reserved = true
	b.spent = append(b.spent, t)
	return true
}

// A budget does as its model, token by token, whoever answers and whoever asks.
func TestBudgetDoesAsItsModel(t *testing.T) {
	type step struct {
		Answers int
		How     string
		Spends  int
		Key     string
		Every   time.Duration // between the spends
		Refund  bool
		Pause   time.Duration
	}
	rapid.Check(t, func(rt *rapid.T) {
		share := sampled(rt, "share", 20*Percent, 100*Percent, 1*Percent, 50*Percent)
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
			return step{
				Answers: rapid.IntRange(0, 60).Draw(rt, "answers"),
				How:     sampled(rt, "how", "succeeds", "is not found", "succeeds at the second attempt", "another method", "succeeds"),
				Spends:  rapid.IntRange(0, 20).Draw(rt, "spends"),
				Key:     sampled(rt, "key", "", "a", "b"),
				Every:   sampled(rt, "every", 0, time.Millisecond, 100*time.Millisecond),
				Refund:  rapid.Bool().Draw(rt, "refund"),
				Pause: rapid.OneOf(
					rapid.SampledFrom([]time.Duration{0, 0, 499 * time.Millisecond, time.Second, 5 * time.Second, 9 * time.Second, 10 * time.Second, time.Minute}),
					rapid.Map(rapid.Int64Range(0, int64(12*time.Second)), func(n int64) time.Duration { return time.Duration(n) })).Draw(rt, "pause"),
			}
		}), 1, 25).Draw(rt, "steps")
		inBubble(t, rt, func(t *testing.T) error {
			spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}, {Name: "Put"}}}
			withRetry(func(r *Retry) { r.Budget, r.Initial = share, 1 })(&spec, &spec.Methods[0])
			c := newClient(t, spec)
			get, put := c.Method("Get"), c.Method("Put")
			model := newBudgetModel(share)
			keys := map[string]*half{"": nil}
			spend := func(key string) error {
				if keys[key] == nil && key != "" {
					keys[key] = newHalf(c.now())
				}
				want := model.spend(key, c.now())
				if _, got := c.budget.spend(c.plans, keys[key], c.now()); got != want {
					return fmt.Errorf("granted %v, want %v", got, want)
				}
				return nil
			}
			for i, s := range steps {
				for range s.Answers {
					switch s.How {
					case "is not found":
						Run(t.Context(), get, func(context.Context) error { return errNotFound })
					case "another method":
						Run(t.Context(), put, succeed)
					case "succeeds at the second attempt":
						if !model.spend("", c.now()) {
							continue
						}
						Run(t.Context(), get, (&callee{answers: failures(1)}).call)
					default:
						Run(t.Context(), get, succeed)
					}
					model.answers = append(model.answers, c.now())
				}
				for n := range s.Spends {
					time.Sleep(s.Every)
					if err := spend(s.Key); err != nil {
						return fmt.Errorf("step %d (%+v), spend %d: %w", i, s, n, err)
					}
				}
				if s.Refund {
					if tk, ok := c.budget.spend(c.plans, keys[s.Key], c.now()); ok {
						time.Sleep(s.Every)
						c.budget.refund(tk, keys[s.Key])
					}
				}
				time.Sleep(s.Pause)
			}
			return nil
		})
	})
}

// Of more answers than a method reports one by one, one in 500 may be missing or be
// older than ten seconds: whatever their rate, and however it changes.
func TestManyAnswersAreCountedToOneIn500(t *testing.T) {
	type phase struct {
		Each  time.Duration // between two bursts
		Burst int
		For   time.Duration
	}
	rapid.Check(t, func(rt *rapid.T) {
		phases := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) phase {
			return phase{
				Each:  sampled(rt, "each", time.Millisecond, 10*time.Millisecond, 300*time.Millisecond, 3*time.Second, 11*time.Second),
				Burst: sampled(rt, "burst", 1, 1, 7, 100, 3000),
				For:   sampled(rt, "for", time.Second, 12*time.Second, 40*time.Second),
			}
		}), 1, 5).Draw(rt, "phases")
		inBubble(t, rt, func(t *testing.T) error {
			c, m := newMethod(t, withRetry(func(*Retry) {}))
			type burst struct {
				at time.Duration
				n  int
			}
			var bursts []burst
			most, total := 0, 0 // in any ten seconds
			atOnce := &call{method: m, outcome: OutcomeSucceeded, attempts: 1}
			for i, p := range phases {
				for end := c.now() + p.For; c.now() < end && total < 200_000; time.Sleep(p.Each) {
					for range p.Burst {
						m.counts.add(atOnce)
					}
					bursts = append(bursts, burst{c.now(), p.Burst})
					total += p.Burst
				}
				now, within, want := c.now(), 0, 0
				for _, b := range bursts {
					if now-b.at <= budgetWindow {
						within += b.n
					}
					if recentEnough(b.at, now) {
						want += b.n
					}
				}
				most = max(most, within)
				c.budget.mu.Lock()
				for _, p := range c.plans {
					c.budget.update(p, now)
				}
				got := int(c.budget.answered.count(now))
				c.budget.mu.Unlock()
				off := max(most, within)/500 + 1
				if most < 2*updates {
					off = 0
				}
				if got < want-off || got > want+off {
					return fmt.Errorf("after phase %d: %d answers, want %d, give or take %d", i, got, want, off)
				}
			}
			return nil
		})
	})
}

// All that is granted to many at once was there: the reserve, and a share of the
// answers.
func TestBudgetGrantsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withRetry(func(*Retry) {}))
		const callers, each = 8, 5_000
		var granted atomic.Int64
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for range each {
					Run(t.Context(), m, succeed)
					if _, ok := c.budget.spend(c.plans, nil, c.now()); ok {
						granted.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if n := granted.Load(); n != callers*each/5+reserveTokens {
			t.Errorf("%d granted, want a fifth of %d answers and %d", n, callers*each, reserveTokens)
		}
	})
}
