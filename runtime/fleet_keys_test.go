package resil

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A spelled is a key that counts how often its text is asked for.
type spelled int

var spellings atomic.Int64

func (s spelled) String() string {
	spellings.Add(1)
	return fmt.Sprint(int(s))
}

// TestSuspicionsOfManyKeysAreFoundInOnePass: thousands of suspicions and orders of thousands
// of keys look at each key a few times, and not once for each of them.
func TestSuspicionsOfManyKeysAreFoundInOnePass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 1000
		s := newFakeStore()
		c, _ := newMethod(t, fleetBreaker(func(b *Breaker) { b.Scope = Scope{Per: "id", Keys: keys} }), WithFleet(s.fleet()))
		synctest.Wait()
		get := keyedMethod[spelled](c, "Get")
		for key := range spelled(keys) {
			Run(t.Context(), get.For(key), succeed)
		}
		state := FleetState{Processes: 5}
		for key := range keys / 2 {
			state.Suspicions = append(state.Suspicions, Suspicion{Breaker: "Store", Key: fmt.Sprint(key), Processes: 2, For: time.Minute})
			state.Orders = append(state.Orders, Order{ID: "1", Action: ActionForceClose, Breaker: "Store", Key: fmt.Sprint(keys/2 + key)})
		}
		before := spellings.Load()
		if err := c.member.Update(state); err != nil {
			t.Fatal(err)
		}
		if n := spellings.Load() - before; n > 10*keys {
			t.Errorf("the texts of %d keys were asked for %d times", keys, n)
		}
		if b := c.Stats().Breaker("Store"); b.Keys != keys {
			t.Errorf("%+v", b)
		}
		for key := range spelled(keys) {
			want := StateHalfOpen
			if key >= keys/2 {
				want = StateForcedClosed
			}
			if got := c.Breaker("Store").For(key).State(); got != want {
				t.Fatalf("key %d is %v, want %v", key, got, want)
			}
		}
	})
}

// TestFleetLimitForgetsKeys: a limit of many processes holds keys for no longer than one of a
// single process, so that new ones find a place.
func TestFleetLimitForgetsKeys(t *testing.T) {
	for _, extent := range []Extent{ExtentProcess, ExtentFleet} {
		for _, trip := range []time.Duration{time.Millisecond, 20 * time.Millisecond} {
			t.Run(fmt.Sprint(extent, trip), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newFakeStore()
					s.trip = trip
					set := func(_ *Spec, m *MethodSpec) {
						m.Limit = &Limit{Name: "Store", Rate: Rate{Count: 10, Per: time.Minute}, Burst: 10, Extent: extent, Scope: Scope{Per: "tenant", Keys: 100}}
					}
					clients, _ := fleetMethods(t, s, 50, set)
					get := keyedMethod[int](clients[0], "Get")
					for key := range 2000 {
						if err := Run(t.Context(), get.For(key), succeed); err != nil {
							t.Fatalf("key %d: %v", key, err)
						}
						time.Sleep(500 * time.Millisecond)
					}
					if n := clients[0].Stats().Limit("Store").Overflowed; n > 0 {
						t.Errorf("%d calls of new keys found no place, and were not limited", n)
					}
				})
			})
		}
	}
}

// A curious is a key whose text asks for what the client knows.
type curious int

var askClient func()

func (k curious) String() string {
	if askClient != nil {
		askClient()
	}
	return fmt.Sprint(int(k))
}

// TestKeysAreAskedForTheirTextsWithoutALock: the String of a key may use the client while an
// update looks for the keys that it names.
func TestKeysAreAskedForTheirTextsWithoutALock(t *testing.T) {
	s := newFakeStore()
	c, _ := newMethod(t, fleetBreaker(func(b *Breaker) { b.Scope = Scope{Per: "id", Keys: 100} }), WithFleet(s.fleet()))
	get := keyedMethod[curious](c, "Get")
	for key := range curious(10) {
		Run(t.Context(), get.For(key), succeed)
	}
	asked := 0
	askClient = func() {
		asked++
		for i := range get.table.shards {
			mu := &get.table.shards[i].mu
			if !mu.TryLock() {
				t.Error("the text of a key was asked for under the lock of a shard")
				return
			}
			mu.Unlock()
		}
	}
	defer func() { askClient = nil }()
	err := c.member.Update(FleetState{Processes: 5, Suspicions: []Suspicion{{Breaker: "Store", Key: "7", Processes: 2, For: time.Minute}}})
	if err != nil || asked == 0 {
		t.Errorf("%d keys were asked: %v", asked, err)
	}
	if got := c.Breaker("Store").For(curious(7)).State(); got != StateHalfOpen {
		t.Errorf("the suspected key is %v", got)
	}
}
