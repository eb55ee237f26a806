package resil

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// circuitsOf are the breakers of the keys that are held, by key.
func circuitsOf[K comparable](k *KeyedMethod[K]) map[K]*CircuitBreaker {
	found := map[K]*CircuitBreaker{}
	for i := range k.table.shards {
		for key, h := range k.table.shards[i].entries {
			if m := h.methods[k.index]; m != nil {
				found[key] = m.breaker
			} else if g := h.guards[0]; g != nil {
				found[key] = g.(*CircuitBreaker)
			} else {
				found[key] = nil
			}
		}
	}
	return found
}

// A keyStep is something that happens to one key.
type keyStep struct {
	Do   string
	Key  int
	How  ending
	Wait time.Duration
}

func keySteps(rt *rapid.T) []keyStep {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) keyStep {
		return keyStep{
			Do:   sampled(rt, "do", "call", "call", "call", "call", "call", "start", "end", "force open", "force closed", "open for", "close for", "reset", "wait", "wait"),
			Key:  rapid.IntRange(0, 9).Draw(rt, "key"),
			How:  sampled(rt, "how", breaksDown, breaksDown, breaksDown, succeeds, answers, panics, throttles),
			Wait: sampled(rt, "wait", time.Millisecond, time.Second, 5*time.Second, 20*time.Second, time.Minute),
		}
	}), 20, 150).Draw(rt, "steps")
}

// keyedBreaker is a client with a breaker that is kept by key, and places for so many.
func keyedBreaker(t *testing.T, keys int) (*Client, *KeyedMethod[int]) {
	c, _ := newMethod(t, withBreaker(func(b *Breaker) {
		b.Per, b.Keys, b.Consecutive, b.Window, b.Open, b.OpenMax, b.Probes = "id", keys, 2, 10*time.Second, 5*time.Second, 20*time.Second, 1
	}))
	return c, keyedMethod[int](c, "Get")
}

// walkKeys takes the steps, and calls check after each of them.
func walkKeys(t *testing.T, c *Client, k *KeyedMethod[int], steps []keyStep, check func() error) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	var underWay []chan ending
	defer func() {
		for _, end := range underWay {
			end <- succeeds
		}
	}()
	for i, s := range steps {
		b := func() *CircuitBreaker { return c.Breaker("Store").For(s.Key) }
		switch s.Do {
		case "call":
			ctx := newEndable()
			launch(&wg, ctx, k.For(s.Key), func(context.Context) error { return s.How.as(ctx, time.Second) }, func(error) {})
		case "start":
			ctx, end := newEndable(), make(chan ending)
			var refused error
			launch(&wg, ctx, k.For(s.Key), func(context.Context) error { return (<-end).as(ctx, time.Second) }, func(err error) { refused = err })
			synctest.Wait()
			if refused == nil {
				underWay = append(underWay, end)
			}
		case "end":
			if len(underWay) > 0 {
				underWay[0] <- s.How
				underWay = underWay[1:]
			}
		case "force open":
			b().ForceOpen()
		case "force closed":
			b().ForceClose()
		case "open for":
			b().ForceOpenFor(s.Wait)
		case "close for":
			b().ForceCloseFor(s.Wait)
		case "reset":
			b().Reset()
		case "wait":
			time.Sleep(s.Wait)
		}
		synctest.Wait()
		if err := check(); err != nil {
			return fmt.Errorf("after step %d, %+v: %w", i, s, err)
		}
	}
	return nil
}

// Whatever happens to keys, their states are those that a walk over all of them finds.
func TestKeyStatesAreThoseOfAllKeys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := keySteps(rt)
		inBubble(t, rt, func(t *testing.T) error {
			c, k := keyedBreaker(t, 6)
			seen := map[*CircuitBreaker]bool{}
			return walkKeys(t, c, k, steps, func() error {
				var want [5]int
				var opened uint64
				circuits := circuitsOf(k)
				for _, b := range circuits {
					if b == nil {
						want[StateClosed]++
						continue
					}
					want[b.State()]++
					seen[b] = true
				}
				for b := range seen {
					opened += b.opened.Load()
				}
				got := c.Stats().Breaker("Store")
				if got.KeyStates != want || got.Keys != len(circuits) || got.Opened != opened {
					return fmt.Errorf("%d keys %v, opened %d; want %d keys %v, opened %d", got.Keys, got.KeyStates, got.Opened, len(circuits), want, opened)
				}
				if open := want[StateOpen] + want[StateHalfOpen] + want[StateForcedOpen]; got.OpenKeys != open {
					return fmt.Errorf("%d open, want %d", got.OpenKeys, open)
				}
				return nil
			})
		})
	})
}

// A key that has lost its place is in no state, and its openings stay.
func TestOpeningsOfKeysOutliveTheirPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := keyedBreaker(t, 6)
		for range 2 {
			_ = Run(t.Context(), k.For(0), fail)
		}
		if s := c.Stats().Breaker("Store"); s.KeyStates != [5]int{StateOpen: 1} || s.Opened != 1 {
			t.Errorf("open: %v, opened %d", s.KeyStates, s.Opened)
		}
		time.Sleep(6 * time.Second)
		if s := c.Stats().Breaker("Store"); s.KeyStates != [5]int{StateHalfOpen: 1} {
			t.Errorf("half-open: %v", s.KeyStates)
		}
		time.Sleep(time.Hour)
		for key := range 6 {
			_ = Run(t.Context(), k.For(1+key), succeed)
		}
		if s := c.Stats().Breaker("Store"); s.KeyStates != [5]int{StateClosed: 6} || s.Opened != 1 {
			t.Errorf("evicted: %v, opened %d", s.KeyStates, s.Opened)
		}
	})
}

func TestStatsOfAllKeysAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scope := Scope{Per: "id", Keys: 10}
		c, _ := newMethod(t, withAll(
			withBulkhead(Bulkhead{Calls: 2, Wait: time.Hour, Scope: scope}),
			withLimit(Limit{Rate: Rate{Count: 4, Per: time.Minute}, Wait: time.Hour, Scope: scope})))
		k := keyedMethod[string](c, "Get")
		stop := make(chan bool)
		for key, calls := range map[string]int{"a": 6, "b": 3, "c": 1} { // a: 2 inside, 2 wait, 2 without a token
			for range calls {
				go Run(context.Background(), k.For(key), func(context.Context) error { <-stop; return nil })
			}
		}
		synctest.Wait()
		s := c.Stats()
		if b := s.Bulkhead("Store"); b.InUse != 5 || b.Waiting != 3 || b.Keys != 3 {
			t.Errorf("bulkhead: %+v", b)
		}
		if l := s.Limit("Store"); l.Waiting != 2 {
			t.Errorf("limit: %+v", l)
		}
		close(stop)
		time.Sleep(time.Minute)
		synctest.Wait()
		s = c.Stats()
		if b, l := s.Bulkhead("Store"), s.Limit("Store"); b.InUse != 0 || b.Waiting != 0 || l.Waiting != 0 {
			t.Errorf("afterwards: %+v, %+v", b, l)
		}
	})
}

// The worst keys are those that a sorted walk over all keys begins with, and asking for them
// changes nothing.
func TestWorstKeysAreTheWorst(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps, most := keySteps(rt), rapid.IntRange(0, 8).Draw(rt, "most")
		inBubble(t, rt, func(t *testing.T) error {
			c, k := keyedBreaker(t, 6)
			return walkKeys(t, c, k, steps, func() error {
				var all []BreakerStats
				for _, b := range circuitsOf(k) {
					if b != nil {
						if s := b.stats(); s.State != StateClosed || s.Failures > 0 {
							all = append(all, s)
						}
					}
				}
				slices.SortFunc(all, func(a, b BreakerStats) int { return badness(&b, &a) })
				before := entriesOf(k)
				got := c.Stats().WorstKeys("Store", most)
				if after := entriesOf(k); !slices.Equal(before, after) {
					return fmt.Errorf("entries were %v and are %v", before, after)
				}
				if len(got) != min(most, len(all)) {
					return fmt.Errorf("%d keys, want %d", len(got), min(most, len(all)))
				}
				for i := range got {
					if badness(&got[i], &all[i]) != 0 {
						return fmt.Errorf("key %d is %+v, want one as bad as %+v", i, got[i], all[i])
					}
					if own := circuitsOf(k)[got[i].Key.(int)].stats(); own != got[i] {
						return fmt.Errorf("key %v: %+v, want %+v", got[i].Key, got[i], own)
					}
				}
				return nil
			})
		})
	})
}

// entriesOf tells all that decides which entry is forgotten next.
func entriesOf(k *KeyedMethod[int]) (list []string) {
	now := k.table.client.now()
	for i := range k.table.shards {
		for key, h := range k.table.shards[i].entries {
			list = append(list, fmt.Sprint(key, h.pins.Load(), h.touched.Load(), h.used.Load(), h.idle(now)))
		}
	}
	slices.Sort(list)
	return list
}

func TestWorstKeysComeInTheOrderOfTheirStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := keyedBreaker(t, 9)
		calls := func(key int, fs ...func(context.Context) error) {
			for _, f := range fs {
				_ = Run(t.Context(), k.For(key), f)
			}
		}
		if got := c.Stats().WorstKeys("Store", 9); got == nil || len(got) != 0 {
			t.Errorf("of no keys: %v", got)
		}
		calls(3, fail, fail)
		time.Sleep(6 * time.Second) // 3 is half-open
		calls(2, fail, fail)
		c.Breaker("Store").For(1).ForceOpen()
		c.Breaker("Store").For(4).ForceClose()
		calls(5, fail)                         // 1 of 1
		calls(6, succeed, fail, succeed, fail) // 2 of 4
		calls(7, succeed, fail)                // 1 of 2
		calls(8, succeed)
		var keys []int
		for _, s := range c.Stats().WorstKeys("Store", 9) {
			keys = append(keys, s.Key.(int))
		}
		if want := []int{1, 2, 3, 4, 5, 6, 7}; !slices.Equal(keys, want) {
			t.Errorf("%v, want %v", keys, want)
		}
	})
}

func TestWorstKeysOfNoKeyedBreakerAreNil(t *testing.T) {
	c, _ := newMethod(t, withBreaker(func(*Breaker) {}))
	if got := c.Stats().WorstKeys("Store", 3); got != nil {
		t.Errorf("of a breaker without keys: %v", got)
	}
	if got := c.Stats().WorstKeys("Other", 3); got != nil {
		t.Errorf("of no breaker: %v", got)
	}
	if got := (Stats{}).WorstKeys("Store", 3); got != nil {
		t.Errorf("of no client: %v", got)
	}
}

func BenchmarkWorstKeys(b *testing.B) {
	for _, state := range []string{"closed", "failing", "open"} {
		b.Run(state, func(b *testing.B) {
			c, _ := newMethod(b, withBreaker(func(b *Breaker) { b.Per, b.Keys = "id", 10_000 }))
			k := keyedMethod[int](c, "Get")
			for key := range 10_000 {
				for range map[string]int{"closed": 0, "failing": 2, "open": 5}[state] {
					_ = Run(context.Background(), k.For(key), fail)
				}
				_ = Run(context.Background(), k.For(key), succeed)
			}
			for _, what := range []string{"worst", "stats"} {
				b.Run(what, func(b *testing.B) {
					for b.Loop() {
						s := c.Stats()
						if what == "worst" {
							s.WorstKeys("Store", 10)
						}
					}
				})
			}
		})
	}
}

// A key's own methods may hang, and whoever lists keys must not hang with them.
func TestWorstKeysThatAreAlikeComeInOrderWithoutTheirMethods(t *testing.T) {
	c, _ := newMethod(t, withBreaker(func(b *Breaker) { b.Per = "id" }))
	keyedMethod[untellable](c, "Get")
	var want []untellable
	for n := range 5 {
		want = append(want, untellable{"a", [2]int{n, -n}})
	}
	for _, n := range []int{3, 0, 4, 1, 2} {
		c.Breaker("Store").For(want[n]).ForceOpen()
	}
	var got []untellable
	for _, b := range c.Stats().WorstKeys("Store", 9) {
		got = append(got, b.Key.(untellable))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%#v", got)
	}
}

type untellable struct {
	name string
	n    [2]int
}

func (untellable) String() string { panic("a key was asked for its text") }

// Keys of an interface type may hold values of several types.
func TestWorstKeysMayBeOfSeveralTypes(t *testing.T) {
	type a struct{ n int }
	type b struct{ n, m int }
	c, _ := newMethod(t, withBreaker(func(b *Breaker) { b.Per = "id" }))
	keyedMethod[any](c, "Get")
	want := []any{1, 2, [1]int{1}, [2]int{0, 1}, "a", "b", a{1}, a{2}, b{1, 1}}
	for _, i := range rand.Perm(len(want)) {
		c.Breaker("Store").For(want[i]).ForceOpen()
	}
	var got []any
	for _, b := range c.Stats().WorstKeys("Store", 99) {
		got = append(got, b.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%#v", got)
	}
}
