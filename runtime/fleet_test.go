package resil

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/resilgen/resilgen/internal/lease"
)

var errStore = errors.New("store gone")

// A fakeStore is the store of the fakeFleets of several processes.
type fakeStore struct {
	mu      sync.Mutex
	base    time.Time
	trip    time.Duration // there and back
	gone    bool
	buckets map[string]*lease.Bucket
	state   FleetState
	open    map[Suspicion]map[int]time.Time // reports by breaker and key, then by process
	fleets  []*fakeFleet
	asks    int
	orders  int
}

func newFakeStore() *fakeStore {
	return &fakeStore{base: time.Now(), buckets: map[string]*lease.Bucket{}, open: map[Suspicion]map[int]time.Time{}}
}

// A fakeFleet is the fleet of one process.
type fakeFleet struct {
	store  *fakeStore
	id     int
	member *Member

	telling sync.Mutex
}

func (s *fakeStore) fleet() *fakeFleet {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &fakeFleet{store: s, id: len(s.fleets)}
	s.fleets = append(s.fleets, f)
	return f
}

func (f *fakeFleet) Join(m *Member) error {
	f.member = m
	f.store.publish(nil)
	return nil
}

func (f *fakeFleet) Ask(a *Ask) {
	s := f.store
	go func() {
		s.mu.Lock()
		trip := s.trip
		s.asks++
		s.mu.Unlock()
		time.Sleep(trip)
		s.mu.Lock()
		if s.gone {
			s.mu.Unlock()
			a.Answer(Grant{}, errStore)
			return
		}
		b := s.buckets[a.Limit+"\x00"+a.Key]
		if b == nil {
			b = new(lease.Bucket)
			s.buckets[a.Limit+"\x00"+a.Key] = b
		}
		g := b.Take(time.Since(s.base), float64(a.Rate.Count)/a.Rate.Per.Seconds(), a.Burst, a.Tokens, f.id)
		s.mu.Unlock()
		a.Answer(Grant(g), nil)
	}()
}

func (f *fakeFleet) Report(_ *Member, r Suspicion) {
	length := r.For
	r.For, r.Processes = 0, 0
	f.store.publish(func(s *fakeStore) {
		if s.open[r] == nil {
			s.open[r] = map[int]time.Time{}
		}
		if delete(s.open[r], f.id); length > 0 {
			s.open[r][f.id] = time.Now().Add(length)
		}
	})
}

func (f *fakeFleet) Order(_ context.Context, o Order) error {
	f.store.publish(func(s *fakeStore) {
		s.orders++
		o.ID, o.At = fmt.Sprint(s.orders), time.Now()
		s.state.Orders = slices.DeleteFunc(s.state.Orders, func(other Order) bool { return other.target() == o.target() })
		s.state.Orders = append(s.state.Orders, o)
	})
	return nil
}

// publish changes the store and tells all members.
func (s *fakeStore) publish(change func(*fakeStore)) {
	s.mu.Lock()
	if change != nil {
		change(s)
	}
	fleets := slices.Clone(s.fleets)
	s.mu.Unlock()
	for _, f := range fleets {
		if f.member != nil {
			go func() {
				f.telling.Lock() // the last to come tells the last state
				defer f.telling.Unlock()
				f.member.Update(s.current())
			}()
		}
	}
}

func (s *fakeStore) current() FleetState {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Processes = len(s.fleets)
	s.state.Suspicions = nil
	for r, by := range s.open {
		for _, until := range by {
			if left := time.Until(until); left > 0 {
				r.Processes++
				r.For = max(r.For, left)
			}
		}
		if r.Processes > 0 {
			s.state.Suspicions = append(s.state.Suspicions, r)
		}
	}
	state := s.state
	state.Orders = slices.Clone(state.Orders)
	return state
}

// fleetMethods are those of so many processes with one store.
func fleetMethods(t *testing.T, s *fakeStore, processes int, set func(*Spec, *MethodSpec), opts ...Option) (clients []*Client, methods []*Method) {
	for range processes {
		c, m := newMethod(t, set, append(slices.Clone(opts), WithFleet(s.fleet()))...)
		clients, methods = append(clients, c), append(methods, m)
	}
	synctest.Wait()
	return clients, methods
}

func TestFleetLimitIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.trip = time.Millisecond
		clients, methods := fleetMethods(t, s, 4, withLimit(Limit{Rate: Rate{Count: 1000, Per: time.Second}, Burst: 100, Extent: ExtentFleet}))
		begin := time.Now()
		var wg sync.WaitGroup
		for _, m := range methods {
			wg.Go(func() {
				for time.Since(begin) < 10*time.Second {
					Run(t.Context(), m, succeed)
					time.Sleep(rand.N(4 * time.Millisecond)) // 500 a second
				}
			})
		}
		wg.Wait()
		total := uint64(0)
		for _, c := range clients {
			n := c.Stats().Method("Get").Succeeded
			if n < 2000 {
				t.Errorf("a process got %d of 10,000 tokens, less than 0.8 of its part", n)
			}
			total += n
		}
		if total < 9700 || total > 10000+100+200 {
			t.Errorf("%d calls in 10s at 1000/s", total)
		}
		if s.asks > 1000 {
			t.Errorf("%d asks", s.asks)
		}
		f := clients[0].Stats().Fleet
		if f.Status != FleetConnected || f.Processes != 4 || f.Asks == 0 || f.Granted == 0 || f.Asked < f.Granted {
			t.Errorf("stats %+v", f)
		}
	})
}

// TestFleetLimitServesAQuietProcess: a call that finds no lease does not wait where there is
// a part to go ahead by, and otherwise for the answer, and never longer than 5 ms.
func TestFleetLimitServesAQuietProcess(t *testing.T) {
	for _, c := range []struct {
		name string
		rate Rate
		trip time.Duration
		wait time.Duration
	}{
		{"ahead", Rate{1000, time.Second}, time.Millisecond, 0},
		{"ahead of a slow store", Rate{1000, time.Second}, 100 * time.Millisecond, 0},
		{"waits for the answer", Rate{10, time.Minute}, time.Millisecond, time.Millisecond},
		{"waits no longer than 5 ms", Rate{10, time.Minute}, 100 * time.Millisecond, 5 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeStore()
				s.trip = c.trip
				_, methods := fleetMethods(t, s, 2, withLimit(Limit{Rate: c.rate, Burst: c.rate.Count, Extent: ExtentFleet}))
				for i := range 5 {
					time.Sleep(20 * time.Second)
					begin := time.Now()
					if err := Run(t.Context(), methods[i%2], succeed); err != nil {
						t.Fatalf("call %d: %v", i, err)
					}
					if took := time.Since(begin); took != c.wait {
						t.Fatalf("call %d took %v, want %v", i, took, c.wait)
					}
				}
				time.Sleep(time.Second)
			})
		})
	}
}

// TestFleetLimitWaits: wait= and queue= hold as for one process, and RetryAfter is a time
// after which there are tokens.
func TestFleetLimitWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.trip = time.Millisecond
		_, methods := fleetMethods(t, s, 2, withLimit(Limit{Rate: Rate{Count: 10, Per: time.Second}, Burst: 10, Wait: 900 * time.Millisecond, Queue: 3, Extent: ExtentFleet}))
		m := methods[0]
		for range 10 {
			if err := Run(t.Context(), m, succeed); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		results := make(chan error, 8)
		begin := time.Now()
		for range 8 {
			wg.Go(func() { results <- Run(t.Context(), m, succeed) })
			synctest.Wait()
			if n := m.client.Stats().Limit("Store").Waiting; n > 3 {
				t.Errorf("%d wait, the queue is 3", n)
			}
		}
		wg.Wait()
		close(results)
		passed := 0
		for err := range results {
			var e *Error
			switch {
			case err == nil:
				passed++
			case !errors.As(err, &e) || e.Reason != ErrLimited:
				t.Error(err)
			}
		}
		// One may go ahead of an answer, and one may have come meanwhile.
		if took := time.Since(begin); passed < 3 || passed > 5 || took > time.Second || took < 250*time.Millisecond {
			t.Errorf("%d of 8 passed in %v, want the 3 of the queue in about 300ms", passed, took)
		}

		// Callers who give up leave nothing behind.
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			wg.Go(func() { Run(ctx, m, succeed) })
			time.Sleep(20 * time.Millisecond)
			cancel()
		}
		wg.Wait()
		if w := m.limiter.waiters.Len(); w != 0 {
			t.Errorf("%d are left in the line", w)
		}
		begin = time.Now()
		for range 100 {
			if err := Run(t.Context(), m, succeed); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took < 8900*time.Millisecond || took > 11*time.Second {
			t.Errorf("100 calls one after the other took %v at 10/s", took)
		}
		time.Sleep(time.Second)
	})
}

func TestFleetLimitRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.trip = time.Millisecond
		_, methods := fleetMethods(t, s, 1, withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 10, Extent: ExtentFleet}))
		var e *Error
		for !errors.As(Run(t.Context(), methods[0], succeed), &e) {
		}
		told := e.RetryAfter()
		if told <= 0 || told > 100*time.Millisecond {
			t.Fatalf("told to come back in %v", told)
		}
		time.Sleep(told)
		if err := Run(t.Context(), methods[0], succeed); err != nil {
			t.Errorf("after %v: %v", told, err)
		}
		time.Sleep(time.Second)
	})
}

// TestFleetLimitObeysHints: a hint holds back the process that was told.
func TestFleetLimitObeysHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		_, methods := fleetMethods(t, s, 2, withLimit(Limit{Rate: Rate{Count: 1000, Per: time.Second}, Burst: 1000, Wait: 5 * time.Second, Extent: ExtentFleet}))
		Run(t.Context(), methods[0], func(context.Context) error { return Throttle(errors.New("busy"), 3*time.Second) })
		begin := time.Now()
		if err := Run(t.Context(), methods[0], succeed); err != nil || time.Since(begin) != 3*time.Second {
			t.Errorf("%v after %v, want success when the hint has passed", err, time.Since(begin))
		}
		begin = time.Now()
		if err := Run(t.Context(), methods[1], succeed); err != nil || time.Since(begin) > 5*time.Millisecond {
			t.Errorf("the other process: %v after %v", err, time.Since(begin))
		}
		time.Sleep(time.Second)
	})
}

func TestFleetLimitByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		var keyed []*KeyedMethod[string]
		for range 2 {
			c, _ := newMethod(t, func(_ *Spec, m *MethodSpec) {
				m.Limit = &Limit{Name: "Store", Rate: Rate{Count: 10, Per: time.Hour}, Burst: 10, Extent: ExtentFleet, Scope: Scope{Per: "tenant", Keys: 100}}
			}, WithFleet(s.fleet()))
			keyed = append(keyed, keyedMethod[string](c, "Get"))
		}
		for _, tenant := range []string{"a", "b"} {
			n := 0
			for i := range 40 {
				if Run(t.Context(), keyed[i%2].For(tenant), succeed) == nil {
					n++
				}
				time.Sleep(100 * time.Millisecond)
			}
			if n != 10 {
				t.Errorf("%d calls of tenant %s, want the 10 of the fleet", n, tenant)
			}
		}
		for name := range s.buckets {
			if name != "Store\x00a" && name != "Store\x00b" {
				t.Errorf("bucket %q", name)
			}
		}
	})
}

// TestFleetLimitWithoutStore: calls go on within the part of one process, the fleet as a
// whole keeps its rate, and the limit is shared again when the store is back.
func TestFleetLimitWithoutStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.trip = time.Millisecond
		clients, methods := fleetMethods(t, s, 4, withLimit(Limit{Rate: Rate{Count: 1000, Per: time.Second}, Burst: 100, Extent: ExtentFleet}))
		count := func() (total uint64) {
			for _, c := range clients {
				total += c.Stats().Method("Get").Succeeded
			}
			return total
		}
		begin := time.Now()
		end := begin.Add(30 * time.Second)
		var wg sync.WaitGroup
		for _, m := range methods {
			wg.Go(func() {
				for time.Now().Before(end) {
					Run(t.Context(), m, succeed)
					time.Sleep(rand.N(4 * time.Millisecond))
				}
			})
		}
		set := func(gone bool, trip time.Duration) {
			s.mu.Lock()
			s.gone, s.trip = gone, trip
			s.mu.Unlock()
		}
		phase := func(name string, d time.Duration) {
			before := count()
			time.Sleep(d)
			n := float64(count()-before) / d.Seconds()
			if n < 930 || n > 1000+300/d.Seconds() {
				t.Errorf("%s: %.0f calls a second at 1000/s", name, n)
			}
		}
		phase("connected", 5*time.Second)
		set(true, time.Millisecond)
		phase("gone", 5*time.Second)
		lost := clients[0].Stats().Fleet.AsksLost
		if lost == 0 || lost > 5*25 {
			t.Errorf("%d asks were lost in 5s, want about 20 a second", lost)
		}
		set(false, time.Millisecond)
		phase("back", 5*time.Second)
		set(false, time.Hour)
		phase("silent", 5*time.Second)
		wg.Wait()
		time.Sleep(time.Hour)
	})
}

// TestFleetLimitBound is the bound that Ask's documentation has, for whole clients.
func TestFleetLimitBound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		processes := rapid.IntRange(1, 6).Draw(rt, "processes")
		rate := rapid.SampledFrom([]int{5, 50, 500}).Draw(rt, "rate")
		burst := rapid.IntRange(1, rate).Draw(rt, "burst")
		trip := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 30 * time.Millisecond}).Draw(rt, "trip")
		wait := rapid.SampledFrom([]time.Duration{0, 50 * time.Millisecond}).Draw(rt, "wait")
		var times []time.Duration
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore()
			s.trip = trip
			_, methods := fleetMethods(t, s, processes, withLimit(Limit{Rate: Rate{Count: rate, Per: time.Second}, Burst: burst, Wait: wait, Extent: ExtentFleet}))
			begin := time.Now()
			var mu sync.Mutex
			var wg sync.WaitGroup
			for _, m := range methods {
				wg.Go(func() {
					for time.Since(begin) < 3*time.Second {
						Run(t.Context(), m, func(context.Context) error {
							mu.Lock()
							times = append(times, time.Since(begin))
							mu.Unlock()
							return nil
						})
						time.Sleep(rand.N(2 * time.Duration(processes) * time.Second / time.Duration(2*rate)))
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Second)
		})
		slices.Sort(times)
		depth := float64(lease.Depth(float64(rate), burst))
		leases := float64(rate) * lease.TTL.Seconds()
		bound := depth + leases + max(leases, float64(processes))
		most, low := 0.0, math.Inf(1)
		for n, at := range times {
			low = min(low, float64(n)-float64(rate)*at.Seconds())
			most = max(most, float64(n+1)-float64(rate)*at.Seconds()-low)
		}
		if most > bound+1e-6 {
			rt.Fatalf("%.1f more than the rate, the bound is %.1f", most, bound)
		}
	})
}

func TestFleetLimitAllocatesNothing(t *testing.T) {
	f := &granting{}
	_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1_000_000_000, Per: time.Second}, Burst: 1_000_000_000, Extent: ExtentFleet}), WithFleet(f))
	if n := testing.AllocsPerRun(1000, func() { Run(t.Context(), m, succeed) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// granting grants all that is asked for, when somebody looks.
type granting struct{ fakeFleet }

func (g *granting) Join(m *Member) error {
	return m.Update(FleetState{Processes: 1})
}
func (g *granting) Ask(a *Ask) { go a.Answer(Grant{Tokens: a.Tokens, Busy: 1}, nil) }

func TestFleetMustBeThere(t *testing.T) {
	limit := Policies{Limit: &Limit{Name: "Store", Rate: Rate{10, time.Second}, Burst: 1, Extent: ExtentFleet}}
	spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: limit}}}
	s := newFakeStore()
	for _, c := range []struct {
		opts []Option
		want string
	}{
		{nil, "the limit Store has scope=fleet, and the client belongs to no fleet: give the constructor resil.WithFleet(fleet), where fleet is that of resilredis.New(client), or write scope=process"},
		{[]Option{WithFleet(nil)}, "the fleet of WithFleet is nil"},
		{[]Option{WithFleet((*fakeFleet)(nil))}, "the fleet of WithFleet is nil"},
		{[]Option{WithFleet(s.fleet()), WithFleet(s.fleet())}, "2 fleets are given; keep one"},
	} {
		if _, err := New(spec, c.opts...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	spec.Methods[0].Policies = Policies{Breaker: copyOf(&testBreaker)}
	spec.Methods[0].Breaker.Extent = ExtentFleet
	if _, err := New(spec); err == nil || !strings.Contains(err.Error(), "the breaker Store has scope=fleet") {
		t.Errorf("got %v", err)
	}
}

func TestFleetScopeIsNoOverride(t *testing.T) {
	spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: Policies{Limit: &Limit{Name: "Store", Rate: Rate{10, time.Second}, Burst: 1}}}}}
	_, err := New(spec, WithOverrides(Overrides{"Store": {"limit": "scope=fleet"}}))
	if err == nil || !strings.Contains(err.Error(), "scope decides what New connects; change it in the directive") {
		t.Errorf("got %v", err)
	}
}

// TestFleetLimitIsLostWithoutABurst: when the store is lost, a process that has used its part
// has no more than what is left of its lease and what comes.
func TestFleetLimitIsLostWithoutABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		c, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 100, Extent: ExtentFleet}), WithFleet(s.fleet()))
		synctest.Wait()
		busy := func(d time.Duration) (admitted uint64) {
			before := c.Stats().Method("Get").Succeeded
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Millisecond) {
				Run(t.Context(), m, succeed)
			}
			return c.Stats().Method("Get").Succeeded - before
		}
		busy(5 * time.Second)
		s.mu.Lock()
		s.gone = true
		s.mu.Unlock()
		if n := busy(time.Second); n > 100+20+10 || n < 80 {
			t.Errorf("%d calls in the second after the store was lost, at 100/s", n)
		}
		time.Sleep(time.Second)
	})
}

// TestFleetLimitIsLostWhileCallersWait: who waits gets the process's own tokens when they
// come, and not before.
func TestFleetLimitIsLostWhileCallersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.trip = time.Millisecond
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 4, Per: time.Second}, Burst: 1, Wait: time.Second, Extent: ExtentFleet}), WithFleet(s.fleet()))
		time.Sleep(10 * time.Second)
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		s.gone = true
		s.mu.Unlock()
		begin := time.Now()
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 250*time.Millisecond {
			t.Errorf("the next token came after %v at 4/s, want 250ms", took)
		}
		time.Sleep(time.Second)
	})
}

// TestFleetLimitThatIsLostKeepsTheTokenOfWhoGaveUp: while the store does not answer, the token
// of a caller that gave up when it came goes to who comes next.
func TestFleetLimitThatIsLostKeepsTheTokenOfWhoGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.trip = time.Millisecond
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: 10 * time.Second}, Burst: 1, Wait: time.Minute, Extent: ExtentFleet}), WithFleet(s.fleet()))
		s.mu.Lock()
		s.gone = true
		s.mu.Unlock()
		for range 3 {
			Run(t.Context(), m, succeed)
		}
		if err := Run(&doomed{Context: context.Background()}, m, succeed); err != context.Canceled {
			t.Errorf("got %v, want the cancellation", err)
		}
		begin := time.Now()
		if err := Run(t.Context(), m, succeed); err != nil || time.Since(begin) != 0 {
			t.Errorf("its token was there after %v: %v", time.Since(begin), err)
		}
		time.Sleep(time.Minute)
	})
}

// TestFleetLimitAnswersMeanwhile: an answer that comes between the first look for a token and
// the wait for one counts.
func TestFleetLimitAnswersMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 10, Per: time.Minute}, Burst: 10, Extent: ExtentFleet}), WithFleet(s.fleet()))
		synctest.Wait()
		if _, ok := m.limiter.allow(); ok {
			t.Fatal("a token before anything was asked for")
		}
		synctest.Wait()
		if !m.limiter.await(t.Context()) {
			t.Error("the token that has come meanwhile is refused")
		}
		time.Sleep(time.Second)
	})
}
