//go:build linux

package resilredis

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	resil "github.com/resilgen/resilgen/runtime"
)

// reads is how often processes have read how the fleet stands. Each time they look twice for those that are gone.
func reads(t *testing.T, admin *redis.Client) int {
	t.Helper()
	text, err := admin.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if m := regexp.MustCompile(`cmdstat_zrangebyscore:calls=(\d+)`).FindStringSubmatch(text); m != nil {
		n, _ = strconv.Atoi(m[1])
	}
	return n / 2
}

// newByKey returns a client of a breaker and a limit by key.
func newByKey(t *testing.T, f *Fleet, name string) (*resil.Client, *resil.KeyedMethod[string]) {
	t.Helper()
	p, err := resil.ParsePolicies("breaker consecutive=1 ratio=off scope=fleet open=1s probes=1", "limit 1000/s scope=fleet")
	if err != nil {
		t.Fatal(err)
	}
	p.Breaker.Name, p.Limit.Name = "Users", "Users"
	p.Breaker.Per, p.Limit.Per, p.Breaker.Keys, p.Limit.Keys = "id", "id", 5000, 5000
	k := new(resil.KeyedMethod[string])
	c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get", Policies: p, Method: k}}}, resil.WithFleet(f), resil.WithName(name))
	if err != nil {
		t.Fatal(err)
	}
	return c, k
}

// TestReadsAreFew: where keys open one after the other in every process, each process reads a
// few times a second, and not once for each piece of news.
func TestReadsAreFew(t *testing.T) {
	p, admin := startRedis(t)
	var clients []*resil.Client
	var keyed []*resil.KeyedMethod[string]
	for range 3 {
		c, k := newByKey(t, newFleet(t, p.addr), "Users")
		clients, keyed = append(clients, c), append(keyed, k)
	}
	for _, c := range clients {
		becomes(t, "processes", 3, func() int { return c.Stats().Fleet.Processes })
	}
	before, begin, got := reads(t, admin), time.Now(), 0
	for i := 0; time.Since(begin) < 3*time.Second; i++ {
		resil.Run(t.Context(), keyed[i%3].For(fmt.Sprint(i%300)), func(context.Context) error { return errBackend })
		time.Sleep(time.Millisecond)
	}
	got = reads(t, admin) - before
	if most := 3 * 12 * 3; got > most {
		t.Errorf("three processes read %d times in 3s, want at most %d", got, most)
	}
}

// TestFieldsThatCannotBeRead: what others have written into the keys of a client stops neither
// reads nor writes.
func TestFieldsThatCannotBeRead(t *testing.T) {
	p, admin := startRedis(t)
	f := newFleet(t, p.addr)
	c := newUsers(t, f, "Users", 100)
	becomes(t, "status", resil.FleetConnected, func() resil.FleetStatus { return status(c) })
	for _, hash := range []string{"orders", "suspects"} {
		for i, text := range []string{"", "x", "1", "0 ", "0 x {}", "-1 -1 {}", "99999999999999999999 1 {}", "0 99999999999999999999999 {}", "1e400 1 x", "0 0 {", "\x00", strings.Repeat("9", 1<<20)} {
			admin.HSet(t.Context(), "resil:{Users}:"+hash, fmt.Sprint("Users\x00", i), text)
			admin.HSet(t.Context(), "resil:{Users}:"+hash, fmt.Sprint("Users\x00\x00", i), text)
		}
		admin.HSet(t.Context(), "resil:{Users}:"+hash, "Users\x00", "x")
	}
	admin.Set(t.Context(), "resil:{Users}:version", "other", 0)
	if err := c.Order(t.Context(), resil.Order{Action: resil.ActionForceOpen, Breaker: "Users"}); err != nil {
		t.Fatal(err)
	}
	becomes(t, "breaker", resil.StateForcedOpen, func() resil.State { return state(c) })
	if s := status(c); s != resil.FleetConnected {
		t.Errorf("%v: %v", s, c.Stats().Fleet.LastError)
	}
	if _, err := f.Status(t.Context(), "Users"); err != nil {
		t.Error(err)
	}
}

// TestClockOfRedisGoesBack: what was set by a clock that ran ahead does not stand in the way of
// what comes after it was put right.
func TestClockOfRedisGoesBack(t *testing.T) {
	p, admin := startRedis(t)
	fleets, clients := three(t, p.addr, 100)
	ahead := time.Now().Add(3 * time.Hour).UnixMicro()
	admin.HSet(t.Context(), "resil:{Users}:orders", "Users\x00", fmt.Sprintf(`0 %d {"id":"1","action":"open","breaker":"Users"}`, ahead))
	for _, f := range fleets {
		admin.HSet(t.Context(), "resil:{Users}:suspects", "Users\x00\x00"+f.self, fmt.Sprintf("%d %d ", ahead+2e6, ahead))
	}
	admin.Set(t.Context(), "resil:{Users}:version", "1", 0)
	for _, c := range clients {
		becomes(t, "breaker", resil.StateForcedOpen, func() resil.State { return state(c) })
	}
	if err := clients[0].Order(t.Context(), resil.Order{Action: resil.ActionReset, Breaker: "Users"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		becomes(t, "breaker after a reset", resil.StateClosed, func() resil.State { return state(c) })
	}
	time.Sleep(1500 * time.Millisecond)
	for _, c := range clients {
		becomes(t, "breaker later", resil.StateClosed, func() resil.State { return state(c) })
	}
	trip(t, clients[0])
	time.Sleep(6 * time.Second)
	if s := clients[1].Stats().Fleet.Suspicions; len(s) > 0 {
		t.Errorf("suspicions are left: %+v", s)
	}
}

// TestClientsAreListedAgain: the list of clients is whole a few seconds after a wipe, and the
// clock of a process has no part in it.
func TestClientsAreListedAgain(t *testing.T) {
	p, admin := startRedis(t)
	f := newFleet(t, p.addr)
	newUsers(t, f, "Users", 100)
	list := func() string {
		names, _ := f.Clients(context.Background())
		return strings.Join(names, " ")
	}
	becomes(t, "clients", "Users", list)
	admin.FlushAll(t.Context())
	becomes(t, "clients after a wipe", "Users", list)
}

// TestReportsOfAFleetAreBounded: what all processes report, and how often they read it, grows
// no more with their number than it must.
func TestReportsOfAFleetAreBounded(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 20, 50, 200} {
		looks := float64(n) / between(n).Seconds()
		if all := n * reported(n); all > allReported || looks > 200 || n > 0 && reported(n) < 5 || between(n) > heartbeat {
			t.Errorf("%d processes report %d keys together, and read them %.0f times a second", n, all, looks)
		}
	}
	f := newFleet(t, freeAddr(t))
	newUsers(t, f, "Users", 100)
	f.processes.Store(100)
	m := f.joined()[0]
	for i := range 100 {
		f.Report(m.Member, resil.Suspicion{Breaker: "Users", Key: fmt.Sprint(i), For: time.Minute})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.written) > 10 {
		t.Errorf("one of a hundred processes reports %d keys", len(m.written))
	}
}

// TestReportsOfManyKeysAreBounded while Redis is away.
func TestReportsOfManyKeysAreBounded(t *testing.T) {
	f := newFleet(t, freeAddr(t))
	c := newUsers(t, f, "Users", 100)
	m := f.joined()[0]
	for i := range 100_000 {
		s := resil.Suspicion{Breaker: "Users", Key: fmt.Sprint(i), For: time.Nanosecond}
		f.Report(m.Member, s)
		s.For = 0
		f.Report(m.Member, s)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.changes) > 2*mostReported || len(m.written) > 2*mostReported {
		t.Errorf("%d changes and %d reports are kept for %s", len(m.changes), len(m.written), c.Name())
	}
}

// TestOrdersThatAreOverAreForgotten by processes too.
func TestOrdersThatAreOverAreForgotten(t *testing.T) {
	p, _ := startRedis(t)
	f := newFleet(t, p.addr)
	c, _ := newByKey(t, f, "Users")
	for i := range 100 {
		if err := c.Order(t.Context(), resil.Order{Action: resil.ActionForceOpen, Breaker: "Users", Key: fmt.Sprint(i), For: 100 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Second)
	f.Close()
	if n := len(f.members[0].orders); n > 0 {
		t.Errorf("%d orders that are over are kept", n)
	}
}

// TestAnOrderForAMomentEnds: a time of less than the clock of Redis can tell is a time.
func TestAnOrderForAMomentEnds(t *testing.T) {
	p, _ := startRedis(t)
	f := newFleet(t, p.addr)
	c := newUsers(t, f, "Users", 100)
	for _, length := range []time.Duration{1, 500, 1<<63 - 1} {
		if err := c.Order(t.Context(), resil.Order{Action: resil.ActionForceOpen, Breaker: "Users", For: length}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		s, err := f.Status(t.Context(), "Users")
		if err != nil {
			t.Fatal(err)
		}
		if want := length > time.Second; len(s.Orders) > 0 != want || s.Processes[0].Refused != "" {
			t.Errorf("for %v: %+v", length, s)
		}
	}
}

// TestKeysMayHoldAnything: a suspicion is of the key that it was reported for, whatever that is.
func TestKeysMayHoldAnything(t *testing.T) {
	p, _ := startRedis(t)
	var clients []*resil.Client
	var keyed []*resil.KeyedMethod[string]
	for range 3 {
		c, k := newByKey(t, newFleet(t, p.addr), "Users")
		clients, keyed = append(clients, c), append(keyed, k)
	}
	for _, c := range clients {
		becomes(t, "processes", 3, func() int { return c.Stats().Fleet.Processes })
	}
	for _, key := range []string{"a\x00b", "\x00", "a\x00", "", "\xff\xfe", "a b\n", "{x}", "%"} {
		resil.Run(t.Context(), keyed[2].For(key), func(context.Context) error { return nil })
		for _, k := range keyed[:2] {
			resil.Run(t.Context(), k.For(key), func(context.Context) error { return errBackend })
		}
		becomes(t, fmt.Sprintf("breaker of key %q", key), resil.StateHalfOpen, func() resil.State { return clients[2].Breaker("Users").For(key).State() })
	}
}

// TestTwoClientsOfOneName in one process are two who share a limit, and one who reports.
func TestTwoClientsOfOneName(t *testing.T) {
	p, admin := startRedis(t)
	f := newFleet(t, p.addr)
	a, b, other := newUsers(t, f, "Users", 100), newUsers(t, f, "Users", 100), newUsers(t, newFleet(t, p.addr), "Users", 100)
	for _, c := range []*resil.Client{a, b, other} {
		becomes(t, "members", 3, func() int { return c.Stats().Fleet.Processes })
	}
	trip(t, a)
	trip(t, b)
	reported := func() (n int) {
		for _, s := range other.Stats().Fleet.Suspicions {
			n += s.Processes
		}
		return n
	}
	becomes(t, "reports", 2, func() int { return int(admin.HLen(t.Context(), "resil:{Users}:suspects").Val()) })
	becomes(t, "processes that report", 1, reported)
	closeIt := func(c *resil.Client) {
		t.Helper()
		becomes(t, "breaker", resil.StateHalfOpen, func() resil.State { return state(c) })
		call(t, c, 1)
	}
	closeIt(a)
	becomes(t, "reports after one has closed", 1, func() int { return int(admin.HLen(t.Context(), "resil:{Users}:suspects").Val()) })
	closeIt(b)
	becomes(t, "processes that report", 0, reported)
	f.Close()
	if n := admin.ZCard(t.Context(), "resil:{Users}:members").Val(); n != 1 {
		t.Errorf("%d members are left of 1", n)
	}
}

// TestLongKeys: keys that callers choose take no more of Redis than a name does.
func TestLongKeys(t *testing.T) {
	p, admin := startRedis(t)
	f := newFleet(t, p.addr)
	c, k := newByKey(t, f, "Users")
	becomes(t, "status", resil.FleetConnected, func() resil.FleetStatus { return status(c) })
	long := strings.Repeat("x", 1<<20)
	for _, key := range []string{long + "a", long + "b", "short"} {
		resil.Run(t.Context(), k.For(key), func(context.Context) error { return errBackend })
	}
	becomes(t, "buckets", 3, func() (n int) {
		keys, _ := admin.Keys(t.Context(), "resil:{Users}:limit:*").Result()
		for _, key := range keys {
			if len(key) > 1000 {
				t.Fatalf("a key of %d bytes", len(key))
			}
		}
		return len(keys)
	})
	becomes(t, "report", true, func() bool {
		return admin.HExists(t.Context(), "resil:{Users}:suspects", "Users\x00short\x00"+f.self).Val()
	})
	if n := admin.HLen(t.Context(), "resil:{Users}:suspects").Val(); n != 1 {
		t.Errorf("%d keys are reported", n)
	}
}

// burst calls many keys at once, and returns how many asks Redis has not served.
func burst(t *testing.T, c *resil.Client, k *resil.KeyedMethod[string], prefix string, keys int) (lost uint64) {
	t.Helper()
	before := c.Stats().Fleet
	var ended sync.WaitGroup
	for key := range keys {
		ended.Go(func() {
			resil.Run(t.Context(), k.For(fmt.Sprint(prefix, key)), func(context.Context) error { return nil })
		})
	}
	ended.Wait()
	becomes(t, "answers", true, func() bool {
		s := c.Stats().Fleet
		return s.Asks+s.AsksLost >= before.Asks+before.AsksLost+uint64(keys)
	})
	return c.Stats().Fleet.AsksLost - before.AsksLost
}

// TestAsksThatAreTooLate are not asked: their tokens would come for nobody.
func TestAsksThatAreTooLate(t *testing.T) {
	p, admin := startRedis(t)
	proxy := newProxy(t, p.addr)
	c, k := newByKey(t, newFleet(t, proxy.Addr().String()), "Users")
	becomes(t, "status", resil.FleetConnected, func() resil.FleetStatus { return status(c) })
	becomes(t, "lost", 0, func() uint64 { return burst(t, c, k, fmt.Sprint("warm", time.Now()), 1) })
	proxy.set(10*time.Millisecond, false)
	const keys = 4000 // in 16 round trips
	lost := burst(t, c, k, "", keys)
	asked, _ := admin.Keys(t.Context(), "resil:{Users}:limit:Users:[0-9]*").Result()
	if n := len(asked); n == 0 || n > keys/2 || lost == 0 {
		t.Errorf("tokens for %d of %d keys that waited for up to 16 round trips were asked for, and %d were lost", n, keys, lost)
	}
}

// TestReportsOfTheGoneDoNotCount: a process that fails and starts again and again, each time
// with another name, is one. What a process reports counts again when it comes back.
func TestReportsOfTheGoneDoNotCount(t *testing.T) {
	p, admin := startRedis(t)
	proxy := newProxy(t, p.addr)
	long := resil.WithOverrides(resil.Overrides{"Users": {"breaker": "open=5m"}})
	sick := newUsers(t, newFleet(t, p.addr), "Users", 100, long)
	parted := newUsers(t, newFleet(t, proxy.Addr().String()), "Users", 100, long)
	well := newUsers(t, newFleet(t, p.addr), "Users", 100, long)
	becomes(t, "processes", 3, func() int { return well.Stats().Fleet.Processes })
	reporting := func() (n int) {
		for _, s := range well.Stats().Fleet.Suspicions {
			n += s.Processes
		}
		return n
	}

	now := time.Now().UnixMicro()
	for i := range 5 {
		admin.HSet(t.Context(), "resil:{Users}:suspects", fmt.Sprint("Users\x00\x00gone-", i), fmt.Sprintf("%d %d ", now+6e8, now))
	}
	trip(t, sick)
	becomes(t, "processes that report", 1, reporting)
	if s := state(well); s != resil.StateClosed {
		t.Errorf("where one process reports, another is %v", s)
	}

	trip(t, parted)
	becomes(t, "processes that report", 2, reporting)
	proxy.set(0, true)
	becomes(t, "processes that report when one is gone", 1, reporting)
	proxy.set(0, false)
	proxy.cut()
	becomes(t, "processes that report when it is back", 2, reporting)
}
