//go:build linux

package resilredis

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	resil "github.com/resilgen/resilgen/runtime"
)

var errBackend = resil.Infra(errors.New("backend down"))

// newUsers returns a client of one method, Get, with a limit and a breaker of the fleet.
func newUsers(t *testing.T, f *Fleet, name string, perSecond int, opts ...resil.Option) *resil.Client {
	t.Helper()
	p, err := resil.ParsePolicies("breaker consecutive=3 ratio=off scope=fleet open=2s probes=1", "limit 1000/s scope=fleet")
	if err != nil {
		t.Fatal(err)
	}
	p.Breaker.Name, p.Limit.Name = "Users", "Users"
	p.Limit.Rate.Count = perSecond
	c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get", Policies: p}}},
		append([]resil.Option{resil.WithFleet(f), resil.WithName(name)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func call(t *testing.T, c *resil.Client, times int) {
	t.Helper()
	for range times {
		resil.Run(t.Context(), c.Method("Get"), func(context.Context) error { return nil })
	}
}

func trip(t *testing.T, c *resil.Client) {
	t.Helper()
	for range 3 {
		resil.Run(t.Context(), c.Method("Get"), func(context.Context) error { return errBackend })
	}
	if s := c.Stats().Breaker("Users").State; s != resil.StateOpen {
		t.Fatalf("the breaker is %v", s)
	}
}

func status(c *resil.Client) resil.FleetStatus { return c.Stats().Fleet.Status }

func state(c *resil.Client) resil.State { return c.Stats().Breaker("Users").State }

// three are three processes of a fleet in one.
func three(t *testing.T, addr string, perSecond int) (fleets []*Fleet, clients []*resil.Client) {
	t.Helper()
	for range 3 {
		f := newFleet(t, addr)
		fleets, clients = append(fleets, f), append(clients, newUsers(t, f, "Users", perSecond))
	}
	for _, c := range clients {
		becomes(t, "processes", 3, func() int { return c.Stats().Fleet.Processes })
	}
	return fleets, clients
}

// load calls clients all the time, and returns what stops that. It notes the longest call.
type load struct {
	clients []*resil.Client
	stop    context.CancelFunc
	ended   sync.WaitGroup
	longest atomic.Int64
	late    atomic.Int64 // calls of more than 50 ms
}

func start(t *testing.T, clients []*resil.Client) *load {
	l := &load{clients: clients}
	var ctx context.Context
	ctx, l.stop = context.WithCancel(context.Background())
	for _, c := range clients {
		l.ended.Go(func() {
			m := c.Method("Get")
			for ctx.Err() == nil {
				begin := time.Now()
				resil.Run(ctx, m, func(context.Context) error { return nil })
				took := time.Since(begin)
				if took > 50*time.Millisecond {
					l.late.Add(1)
				}
				l.longest.Store(max(l.longest.Load(), int64(took)))
				time.Sleep(500 * time.Microsecond)
			}
		})
	}
	t.Cleanup(func() { l.stop(); l.ended.Wait() })
	return l
}

func succeeded(clients []*resil.Client) (n uint64) {
	for _, c := range clients {
		n += c.Stats().Method("Get").Succeeded
	}
	return n
}

// during returns how many calls a second succeed in a time.
func during(clients []*resil.Client, d time.Duration) float64 {
	before, begin := succeeded(clients), time.Now()
	time.Sleep(d)
	return float64(succeeded(clients)-before) / time.Since(begin).Seconds()
}

func TestLimitOfThree(t *testing.T) {
	p, _ := startRedis(t)
	_, clients := three(t, p.addr, 300)
	start(t, clients)
	time.Sleep(2 * time.Second) // the burst
	before := make([]uint64, 3)
	for i, c := range clients {
		before[i] = c.Stats().Method("Get").Succeeded
	}
	rate := during(clients, 5*time.Second)
	if rate < 270 || rate > 300+300*0.4/5 {
		t.Errorf("%.0f calls a second, the limit is 300", rate)
	}
	for i, c := range clients {
		if n := float64(c.Stats().Method("Get").Succeeded-before[i]) / 5; n < 0.8*rate/3 {
			t.Errorf("process %d has %.0f of %.0f a second", i, n, rate)
		}
		f := c.Stats().Fleet
		t.Logf("process %d: %d of %d tokens in %d asks, %d lost", i, f.Granted, f.Asked, f.Asks, f.AsksLost)
	}
}

// outage puts Redis out of order while three processes are busy, and looks at what they do.
func outage(t *testing.T, fail, repair func(*process, *proxy)) {
	t.Helper()
	p, _ := startRedis(t)
	between := newProxy(t, p.addr)
	var told []string
	var mu sync.Mutex
	fleets, clients := three(t, between.Addr().String(), 300)
	observed := newUsers(t, fleets[0], "Watched", 300, resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Kind == resil.EventFleet {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, e.Fleet.String())
		}
	}))
	becomes(t, "watched", resil.FleetConnected, func() resil.FleetStatus { return status(observed) })
	busy := start(t, clients)
	time.Sleep(2 * time.Second)

	fail(p, between)
	for _, c := range clients {
		becomes(t, "status", resil.FleetDegraded, func() resil.FleetStatus { return status(c) })
	}
	time.Sleep(time.Second)
	if rate := during(clients, 3*time.Second); rate < 240 || rate > 345 {
		t.Errorf("%.0f calls a second without Redis, want those of three thirds of 300", rate)
	}
	for _, c := range clients {
		if f := c.Stats().Fleet; f.LastError == nil || f.FailedAt.IsZero() || f.Processes != 3 || f.AsksLost == 0 {
			t.Errorf("stats %+v", f)
		}
	}

	repair(p, between)
	for _, c := range clients {
		becomes(t, "status", resil.FleetConnected, func() resil.FleetStatus { return status(c) })
	}
	for _, c := range clients {
		before := c.Stats().Fleet.Granted
		becomes(t, "tokens come again", true, func() bool {
			if n := c.Stats().Fleet.Processes; n != 3 {
				t.Fatalf("%d processes are known when Redis is back", n)
			}
			return c.Stats().Fleet.Granted > before
		})
	}
	becomes(t, "watched", resil.FleetConnected, func() resil.FleetStatus { return status(observed) })
	observed.Flush(t.Context())
	mu.Lock()
	if len(told) < 2 || told[0] != "degraded" || told[len(told)-1] != "connected" {
		t.Errorf("events %v", told)
	}
	mu.Unlock()
	time.Sleep(time.Second)
	if rate := during(clients, 3*time.Second); rate < 240 || rate > 360 {
		t.Errorf("%.0f calls a second when Redis is back", rate)
	}
	t.Logf("the longest call took %v, %d more than 50ms", time.Duration(busy.longest.Load()), busy.late.Load())
	if n := busy.late.Load(); n > 20 { // a busy machine has some
		t.Errorf("%d calls took more than 50ms", n)
	}
}

func TestRedisIsKilled(t *testing.T) {
	outage(t, func(p *process, _ *proxy) { p.kill() }, func(p *process, _ *proxy) { p.start() })
}

func TestRedisHangs(t *testing.T) {
	outage(t, func(p *process, _ *proxy) { p.hang() }, func(p *process, _ *proxy) { p.resume() })
}

func TestRedisIsSlow(t *testing.T) {
	outage(t, func(_ *process, x *proxy) { x.set(150*time.Millisecond, false) }, func(_ *process, x *proxy) { x.set(0, false) })
}

func TestRedisIsPartedFromUs(t *testing.T) {
	outage(t, func(_ *process, x *proxy) { x.set(0, true) }, func(_ *process, x *proxy) { x.set(0, false); x.cut() })
}

// TestRedisFailsOver: the primary is gone, a replica that refuses to be written to answers
// for it, and then is promoted.
func TestRedisFailsOver(t *testing.T) {
	var replica *process
	var second *redis.Client
	outage(t, func(p *process, x *proxy) {
		host, port, _ := net.SplitHostPort(p.addr)
		replica, second = startServer(t, "--replicaof", host+" "+port)
		eventually(t, func() error {
			if info := second.Info(t.Context(), "replication").Val(); !strings.Contains(info, "master_link_status:up") {
				return errors.New(info)
			}
			return nil
		})
		p.kill()
		x.move(replica.addr)
	}, func(*process, *proxy) {
		if err := second.ReplicaOf(t.Context(), "NO", "ONE").Err(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestRedisIsWiped: one more burst at most, and what was ordered and reported is there again.
func TestRedisIsWiped(t *testing.T) {
	p, admin := startRedis(t)
	fleets, clients := three(t, p.addr, 300)
	other := newUsers(t, fleets[0], "Other", 300)
	order := resil.Order{Action: resil.ActionForceOpen, Breaker: "Users", By: "ada"}
	if err := other.Order(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	becomes(t, "breaker", resil.StateForcedOpen, func() resil.State { return state(other) })
	before := other.Stats().Fleet.Orders[0]

	start(t, clients)
	time.Sleep(2 * time.Second)
	count := succeeded(clients)
	begin := time.Now()
	if err := admin.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for time.Since(begin) < 3*time.Second {
		for _, c := range clients {
			if n := c.Stats().Fleet.Processes; n != 3 {
				t.Fatalf("%d processes are known after a wipe", n)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	n, most := float64(succeeded(clients)-count), 300*time.Since(begin).Seconds()+2*300+300*0.4
	if n > most {
		t.Errorf("%.0f calls in 3s over a wipe, at most %.0f", n, most)
	}
	for _, c := range clients {
		becomes(t, "processes", 3, func() int { return c.Stats().Fleet.Processes })
	}
	becomes(t, "order", 1, func() int { return int(admin.HLen(t.Context(), "resil:{Other}:orders").Val()) })
	late := newUsers(t, newFleet(t, p.addr), "Other", 300)
	becomes(t, "breaker of who comes later", resil.StateForcedOpen, func() resil.State { return state(late) })
	if after := late.Stats().Fleet.Orders[0]; after.By != "ada" || !after.At.Equal(before.At) || after.ID != before.ID {
		t.Errorf("the order is %+v, and was %+v", after, before)
	}
}

// TestWithoutRedis: a process that starts while Redis is gone works, with its part.
func TestWithoutRedis(t *testing.T) {
	f := newFleet(t, freeAddr(t), WithProcesses(3))
	begin := time.Now()
	c := newUsers(t, f, "Users", 300)
	if took := time.Since(begin); took > time.Second {
		t.Errorf("a constructor took %v", took)
	}
	becomes(t, "status", resil.FleetDegraded, func() resil.FleetStatus { return status(c) })
	start(t, []*resil.Client{c})
	time.Sleep(1500 * time.Millisecond)
	if rate := during([]*resil.Client{c}, 2*time.Second); rate < 80 || rate > 115 {
		t.Errorf("%.0f calls a second, want a third of 300", rate)
	}
	if err := c.Order(t.Context(), resil.Order{Action: resil.ActionReset, Breaker: "Users"}); err == nil || !strings.Contains(err.Error(), "the order is not published") {
		t.Errorf("an order: %v", err)
	}
}

func TestSuspicionOfThree(t *testing.T) {
	p, _ := startRedis(t)
	_, clients := three(t, p.addr, 1000)
	trip(t, clients[0])
	becomes(t, "suspicions", 1, func() int { return len(clients[2].Stats().Fleet.Suspicions) })
	time.Sleep(100 * time.Millisecond)
	if state(clients[1]) != resil.StateClosed || state(clients[2]) != resil.StateClosed {
		t.Error("one process alone moves the others")
	}
	trip(t, clients[1])
	becomes(t, "the third", resil.StateHalfOpen, func() resil.State { return state(clients[2]) })

	late := newFleet(t, p.addr)
	again := newUsers(t, late, "Users", 1000)
	becomes(t, "who comes later", resil.StateHalfOpen, func() resil.State { return state(again) })

	call(t, clients[2], 1)
	if s := state(clients[2]); s != resil.StateClosed {
		t.Errorf("after a probe that succeeded: %v", s)
	}
	// The two recover: what they reported is withdrawn before its time.
	time.Sleep(2300 * time.Millisecond)
	call(t, clients[0], 1)
	call(t, clients[1], 1)
	becomes(t, "suspicions", 0, func() int { return len(clients[2].Stats().Fleet.Suspicions) })
}

// TestALoneFaultHarmsNobody: one process fails for long, the others refuse nothing.
func TestALoneFaultHarmsNobody(t *testing.T) {
	p, _ := startRedis(t)
	_, clients := three(t, p.addr, 10000)
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		resil.Run(t.Context(), clients[0].Method("Get"), func(context.Context) error { return errBackend })
		call(t, clients[1], 1)
		call(t, clients[2], 1)
		time.Sleep(5 * time.Millisecond)
	}
	if n := clients[0].Stats().Breaker("Users").Opened; n < 2 {
		t.Errorf("the sick process opened %d times", n)
	}
	for _, c := range clients[1:] {
		if m := c.Stats().Method("Get"); m.Open > 0 || c.Stats().Breaker("Users").Opened > 0 {
			t.Errorf("%+v", m)
		}
	}
}

func TestOrders(t *testing.T) {
	p, admin := startRedis(t)
	fleets, clients := three(t, p.addr, 1000)
	give := func(o resil.Order) {
		t.Helper()
		o.Client, o.By = "Users", "ada"
		if err := fleets[0].Order(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	all := func(want resil.State) {
		t.Helper()
		for _, c := range clients {
			becomes(t, "breaker", want, func() resil.State { return state(c) })
		}
	}
	begin := time.Now()
	give(resil.Order{Action: resil.ActionForceOpen, Breaker: "Users"})
	all(resil.StateForcedOpen)
	t.Logf("an order has reached all after %v", time.Since(begin))
	late := newUsers(t, newFleet(t, p.addr), "Users", 1000)
	becomes(t, "who comes later", resil.StateForcedOpen, func() resil.State { return state(late) })

	// News that are lost are read within a second all the same.
	admin.ClientKillByFilter(t.Context(), "TYPE", "pubsub")
	give(resil.Order{Action: resil.ActionReset, Breaker: "Users"})
	all(resil.StateClosed)
	give(resil.Order{Action: resil.ActionForceClose, Breaker: "Users", For: 500 * time.Millisecond})
	all(resil.StateForcedClosed)
	all(resil.StateClosed)

	give(resil.Order{Action: resil.ActionApply, Overrides: resil.Overrides{"Users": {"limit": "77/s"}}})
	for _, c := range clients {
		becomes(t, "limit", 77, func() int { return c.Stats().Limit("Users").Rate.Count })
	}
	status, err := fleets[1].Status(t.Context(), "Users")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(status.Orders, func(o resil.Order) bool { return o.Action == resil.ActionApply })
	if len(status.Processes) != 4 || i < 0 || status.Orders[i].By != "ada" || time.Since(status.Orders[i].At).Abs() > time.Minute {
		t.Errorf("%+v", status)
	}
	if names, err := fleets[1].Clients(t.Context()); err != nil || !slices.Equal(names, []string{"Users"}) {
		t.Errorf("clients %v, %v", names, err)
	}

	// What is wrong is refused before it is published, or told by those who cannot obey.
	err = fleets[0].Order(t.Context(), resil.Order{Client: "Users", Action: resil.ActionApply, Overrides: resil.Overrides{"Users": {"limit": "rate=no"}}})
	if err == nil || !strings.Contains(err.Error(), "override of Users: limit") {
		t.Errorf("got %v", err)
	}
	outsider := newFleet(t, p.addr)
	if err := outsider.Order(t.Context(), resil.Order{Client: "Users", Action: resil.ActionForceOpen, Breaker: "Nobody"}); err != nil {
		t.Fatal(err)
	}
	becomes(t, "refused", 4, func() (n int) {
		status, _ := fleets[0].Status(t.Context(), "Users")
		for _, p := range status.Processes {
			if strings.Contains(p.Refused, `unknown breaker "Nobody"`) {
				n++
			}
		}
		return n
	})
	for _, o := range []resil.Order{{Breaker: "x"}, {Client: "Users"}} {
		if err := outsider.Order(t.Context(), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func TestClose(t *testing.T) {
	p, admin := startRedis(t)
	fleets, clients := three(t, p.addr, 1000)
	fleets[0].Close()
	fleets[0].Close()
	becomes(t, "processes", 2, func() int { return clients[1].Stats().Fleet.Processes })
	if n := admin.ZCard(t.Context(), "resil:{Users}:members").Val(); n != 2 {
		t.Errorf("%d members", n)
	}
	if status(clients[0]) != resil.FleetDegraded {
		t.Errorf("a client of a closed fleet is %v", status(clients[0]))
	}
	time.Sleep(250 * time.Millisecond)
	n := clients[0].Stats().Method("Get").Succeeded
	call(t, clients[0], 10)
	time.Sleep(100 * time.Millisecond)
	call(t, clients[0], 10)
	if clients[0].Stats().Method("Get").Succeeded < n+10 {
		t.Errorf("calls after Close: %+v", clients[0].Stats().Method("Get"))
	}
	if _, err := resil.New(resil.Spec{Name: "Late", Methods: []resil.MethodSpec{{Name: "Get"}}}, resil.WithFleet(fleets[0])); !errors.Is(err, ErrClosed) {
		t.Errorf("a client of a closed fleet: %v", err)
	}
}
