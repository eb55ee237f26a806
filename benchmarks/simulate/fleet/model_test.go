package fleet

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A real is the store of a scenario, for clients of package resil.
type real struct {
	server
	mu        sync.Mutex
	base      time.Time
	processes int
	asks      int
}

func (r *real) now() time.Duration { return time.Since(r.base) }

// A member is the fleet of one process.
type member struct {
	*real
	id int
}

func (m member) Join(member *resil.Member) error {
	return member.Update(resil.FleetState{Processes: m.processes})
}

func (m member) Ask(a *resil.Ask) {
	go func() {
		m.mu.Lock()
		m.asks++
		there := m.oneWay()
		m.mu.Unlock()
		time.Sleep(there)
		m.mu.Lock()
		g, done, _ := m.serve(m.now(), a.Tokens, m.id)
		back := done + m.oneWay() - m.now()
		m.mu.Unlock()
		time.Sleep(back)
		a.Answer(resil.Grant(g), nil)
	}()
}

func (member) Report(*resil.Member, resil.Suspicion)    {}
func (member) Order(context.Context, resil.Order) error { return nil }

// The simulation is worth something only if its processes do as those of package resil do.
func TestProcessesDoAsPackageResilDoes(t *testing.T) {
	for _, s := range []Scenario{New(1, 500).Equal(2), New(8, 1000).Equal(2), New(8, 1000).Equal(0.5), New(50, 1000).Equal(2), New(20, 1000).OneBusy(2), New(20, 1000).Distant(20 * time.Millisecond).Equal(2)} {
		s.Seed = 1
		s.From = 0
		played := s.Run()
		var admitted, calls atomic.Int64
		asks := 0
		synctest.Test(t, func(t *testing.T) {
			r := &real{server: newServer(s), base: time.Now(), processes: s.Processes}
			methods := make([]*resil.Method, s.Processes)
			for i := range methods {
				c, err := resil.New(resil.Spec{Name: "Backend", Methods: []resil.MethodSpec{{Name: "Call", Policies: resil.Policies{
					Limit: &resil.Limit{Name: "Backend", Rate: resil.Rate{Count: int(s.Rate), Per: time.Second}, Burst: s.Burst, Extent: resil.ExtentFleet},
				}}}}, resil.WithFleet(member{r, i}))
				if err != nil {
					t.Fatal(err)
				}
				methods[i] = c.Method("Call")
			}
			var all sync.WaitGroup
			for _, stream := range s.Calls {
				n := stream.Processes
				if n == 0 {
					n = s.Processes
				}
				all.Go(func() {
					for {
						time.Sleep(time.Duration(math.Ceil(rand.ExpFloat64() / stream.PerSecond * float64(time.Second))))
						if r.now() >= s.Lasts {
							return
						}
						m := methods[stream.First+rand.IntN(n)]
						all.Go(func() {
							calls.Add(1)
							if resil.Run(t.Context(), m, func(context.Context) error { return nil }) == nil {
								admitted.Add(1)
							}
						})
					}
				})
			}
			all.Wait()
			asks = r.asks
			time.Sleep(time.Minute)
		})
		share := float64(admitted.Load()) / float64(calls.Load()) // of as many calls as chance made
		want := float64(sum(played.Admitted, 0, s.Lasts)) / float64(sum(played.Calls, 0, s.Lasts))
		perCall := float64(asks) / float64(calls.Load())
		t.Logf("%d processes: %.3f of the calls and %.3f asks a call, simulated %.3f and %.3f", s.Processes, share, perCall, want, played.AsksPerCall())
		if math.Abs(share-want) > 0.03 {
			t.Errorf("%d processes admit %.3f of the calls, simulated %.3f", s.Processes, share, want)
		}
		if math.Abs(perCall-played.AsksPerCall()) > 0.08*played.AsksPerCall()+0.002 {
			t.Errorf("%d processes ask %.3f times a call, simulated %.3f", s.Processes, perCall, played.AsksPerCall())
		}
	}
}
