package resil

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A rogueFleet answers asks late, twice, never, out of turn, or with numbers that make no sense.
type rogueFleet struct {
	mu     sync.Mutex
	asks   []*Ask
	rogue  bool
	member *Member
}

func (f *rogueFleet) Join(m *Member) error               { f.member = m; return nil }
func (f *rogueFleet) Report(*Member, Suspicion)          {}
func (f *rogueFleet) Order(context.Context, Order) error { return nil }

func (f *rogueFleet) Ask(a *Ask) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asks = append(f.asks, a)
	rogue, tokens := f.rogue, a.Tokens
	go func() {
		if !rogue {
			time.Sleep(time.Millisecond)
			a.Answer(Grant{Tokens: tokens, Busy: 1}, nil)
			return
		}
		ints := []int{0, 1, -1, tokens, tokens / 2, 2 * tokens, math.MaxInt, math.MinInt}
		for range rand.N(3) + 1 {
			time.Sleep(rand.N(400 * time.Millisecond))
			var err error
			if rand.N(3) == 0 {
				err = errors.New("no")
			}
			a.Answer(Grant{ints[rand.N(len(ints))], ints[rand.N(len(ints))], time.Duration(ints[rand.N(len(ints))])}, err)
		}
	}()
}

// TestRogueFleet: whatever a fleet answers and tells, calls return in their time, the line is
// served in order, nothing panics, and all is well when it answers properly again.
func TestRogueFleet(t *testing.T) {
	for _, rate := range []Rate{{1, 10 * time.Minute}, {10, time.Second}, {1000, time.Second}, {1_000_000, time.Second}, {1, time.Nanosecond}} {
		for _, wait := range []time.Duration{0, 100 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				f := &rogueFleet{rogue: true}
				c, m := newMethod(t, withLimit(Limit{Rate: rate, Burst: 1 + rand.N(10), Wait: wait, Extent: ExtentFleet}), WithFleet(f))
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() {
						for range 100 {
							ctx, cancel := context.WithTimeout(t.Context(), rand.N(200*time.Millisecond))
							begin := time.Now()
							Run(ctx, m, succeed)
							if took := time.Since(begin); took > max(wait, 5*time.Millisecond) {
								t.Errorf("%v wait=%v: a call took %v", rate, wait, took)
							}
							cancel()
							time.Sleep(rand.N(50 * time.Millisecond))
						}
					})
				}
				wg.Go(func() {
					for range 100 {
						n := []int{0, -1, 1, 1000, math.MaxInt, math.MinInt}[rand.N(6)]
						f.member.Update(FleetState{Processes: n, Suspicions: []Suspicion{{"Store", "x", n, time.Duration(n)}}})
						if c.Apply(Overrides{"Store": {"limit": []string{"mode=observe", "rate=5/s burst=3", "rate=100000/s"}[rand.N(3)]}}) != nil {
							t.Error("Apply")
						}
						time.Sleep(30 * time.Millisecond)
					}
				})
				wg.Wait()
				if err := c.Apply(Overrides{"Store": {"limit": "rate=100/s burst=100"}}); err != nil {
					t.Error(err)
				}
				f.mu.Lock()
				f.rogue = false
				f.mu.Unlock()
				f.member.Update(FleetState{Processes: 1})
				time.Sleep(5 * time.Second)
				for range 100 {
					Run(t.Context(), m, succeed)
					time.Sleep(20 * time.Millisecond)
				}
				before := c.Stats().Method("Get").Succeeded
				for range 100 {
					Run(t.Context(), m, succeed)
					time.Sleep(20 * time.Millisecond)
				}
				if n := c.Stats().Method("Get").Succeeded - before; n < 99 {
					t.Errorf("%v wait=%v: %d of 100 calls when the fleet answers again; %+v", rate, wait, n, c.Stats().Fleet)
				}
				time.Sleep(time.Second)
			})
		}
	}
}
