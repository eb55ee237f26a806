//go:build linux

package resilredis

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	model "github.com/resilgen/resilgen/internal/lease"
	resil "github.com/resilgen/resilgen/runtime"
)

// asker asks for tokens without a limit that would want them.
type asker struct {
	t      *testing.T
	server *server
	member *resil.Member
	self   string
}

// captured is a fleet that only keeps its member.
type captured struct{ member *resil.Member }

func (c *captured) Join(m *resil.Member) error               { c.member = m; return nil }
func (c *captured) Ask(*resil.Ask)                           {}
func (c *captured) Report(*resil.Member, resil.Suspicion)    {}
func (c *captured) Order(context.Context, resil.Order) error { return nil }

func newAsker(t *testing.T, client redis.UniversalClient, self string) *asker {
	t.Helper()
	c := new(captured)
	if _, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get"}}}, resil.WithFleet(c)); err != nil {
		t.Fatal(err)
	}
	return &asker{t, &server{client: client, prefix: "resil"}, c.member, self}
}

func (a *asker) ask(rate resil.Rate, burst, tokens int) resil.Grant {
	a.t.Helper()
	asks := []lease{{ask: &resil.Ask{Member: a.member, Limit: "Users", Rate: rate, Burst: burst, Tokens: tokens}, member: &member{name: a.self}}}
	if err := a.server.Lease(a.t.Context(), asks); err != nil {
		a.t.Fatal(err)
	}
	return asks[0].grant
}

func TestLeaseScript(t *testing.T) {
	_, admin := startRedis(t)
	a, b := newAsker(t, admin, "a"), newAsker(t, admin, "b")
	perHour := resil.Rate{Count: 1, Per: time.Hour}
	if g := a.ask(perHour, 10, 7); g.Tokens != 7 || g.Busy != 1 || g.Next != 0 {
		t.Errorf("of a full bucket: %+v", g)
	}
	if g := b.ask(perHour, 10, 7); g.Tokens != 3 || g.Busy != 2 || g.Next < 59*time.Minute || g.Next > time.Hour {
		t.Errorf("of what is left: %+v", g)
	}
	if g := b.ask(perHour, 10, 1); g.Tokens != 0 {
		t.Errorf("of an empty bucket: %+v", g)
	}

	const bucket = "resil:{Users}:limit:Users"
	at := func(shift time.Duration) {
		t.Helper()
		n, err := admin.HGet(t.Context(), bucket, "at").Int64()
		if err != nil {
			t.Fatal(err)
		}
		admin.HSet(t.Context(), bucket, "at", n+shift.Microseconds())
	}
	at(-90 * time.Minute)
	if g := a.ask(perHour, 10, 7); g.Tokens != 1 || g.Next > 30*time.Minute+time.Second || g.Next < 29*time.Minute {
		t.Errorf("after an hour and a half: %+v; a part of a token must be kept", g)
	}
	at(+90 * time.Minute)
	if g := a.ask(perHour, 10, 7); g.Tokens != 0 {
		t.Errorf("of a clock that was set back: %+v", g)
	}
	at(-30 * time.Minute)
	if g := a.ask(perHour, 10, 7); g.Tokens != 1 {
		t.Errorf("half an hour after that: %+v, want the other half of the token", g)
	}
	at(-1000 * time.Hour)
	if g := a.ask(perHour, 10, 20); g.Tokens != 10 {
		t.Errorf("of a clock that jumped ahead: %+v, want no more than a bucket", g)
	}
	admin.FlushAll(t.Context())
	admin.ScriptFlush(t.Context())
	if g := a.ask(perHour, 10, 20); g.Tokens != 10 || g.Busy != 1 {
		t.Errorf("of a server that was wiped: %+v", g)
	}
	if ttl := admin.TTL(t.Context(), bucket).Val(); ttl < 10*time.Hour || ttl > 11*time.Hour {
		t.Errorf("the bucket expires in %v, want the time that it takes to fill", ttl)
	}
	if ttl := admin.PTTL(t.Context(), "resil:{Users}:asking:Users").Val(); ttl <= 0 || ttl > model.Recent {
		t.Errorf("those who ask expire in %v", ttl)
	}
	extremes := []resil.Rate{{Count: 1_000_000_000, Per: time.Second}, {Count: 1, Per: 1 << 62}}
	for _, rate := range extremes {
		admin.FlushAll(t.Context())
		if g := a.ask(rate, 1_000_000_000, 1<<30); g.Tokens != 1_000_000_000 {
			t.Errorf("%v: %+v", rate, g)
		}
		a.ask(rate, 1, 1)
	}
}

// TestLeaseScriptIsTheModel: the script grants what the model grants on whose properties the
// algorithm rests.
// TestScriptsAreFlushed: a Redis that has forgotten the scripts is told them again in one more
// round trip, however many limits ask at once.
func TestScriptsAreFlushed(t *testing.T) {
	p, admin := startRedis(t)
	proxy := newProxy(t, p.addr)
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr().String()})
	defer client.Close()
	a := newAsker(t, client, "a")
	a.ask(resil.Rate{Count: 1, Per: time.Second}, 10, 1) // connects
	proxy.set(50*time.Millisecond, false)
	asks := make([]lease, most)
	for i := range asks {
		asks[i] = lease{ask: &resil.Ask{Member: a.member, Limit: "Users", Key: strconv.Itoa(i), Rate: resil.Rate{Count: 1, Per: time.Second}, Burst: 10, Tokens: 1}, member: &member{name: "a"}}
	}
	admin.ScriptFlush(t.Context())
	begin := time.Now()
	if err := a.server.Lease(t.Context(), asks); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 10*100*time.Millisecond {
		t.Errorf("%d asks took %v, at 100ms a round trip", most, took)
	}
	for _, l := range asks {
		if l.err != nil || l.grant.Tokens != 1 {
			t.Fatalf("%+v", l)
		}
	}
}

func TestLeaseScriptIsTheModel(t *testing.T) {
	_, admin := startRedis(t)
	askers := []*asker{newAsker(t, admin, "0"), newAsker(t, admin, "1"), newAsker(t, admin, "2")}
	const bucket = "resil:{Users}:limit:Users"
	for range 20 {
		admin.FlushAll(t.Context())
		rate := resil.Rate{Count: 1 + rand.IntN(50), Per: time.Hour}
		perSecond := float64(rate.Count) / rate.Per.Seconds()
		burst := 1 + rand.IntN(50)
		m, now := new(model.Bucket), time.Duration(0)
		for step := range 40 {
			who, want := rand.IntN(len(askers)), 1+rand.IntN(20)
			got, wanted := askers[who].ask(rate, burst, want), m.Take(now, perSecond, burst, want, who)
			if got.Tokens != wanted.Tokens {
				t.Fatalf("step %d, %v burst %d: %d tokens, the model grants %d", step, rate, burst, got.Tokens, wanted.Tokens)
			}
			// A little more than whole tokens passes, so that the time which the test takes
			// changes nothing.
			passed := time.Duration((float64(rand.IntN(5)) + 0.01) / perSecond * float64(time.Second))
			now += passed
			n, _ := admin.HGet(t.Context(), bucket, "at").Int64()
			admin.HSet(t.Context(), bucket, "at", n-passed.Microseconds())
		}
	}
}

// TestCluster: the keys of each script are in one slot.
func TestCluster(t *testing.T) {
	p, admin := startRedis(t, "--cluster-enabled", "yes")
	if err := admin.Do(t.Context(), "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	becomes(t, "cluster", true, func() bool { return strings.Contains(admin.ClusterInfo(t.Context()).Val(), "cluster_state:ok") })
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{p.addr}})
	fleet := New(cluster)
	cluster.Close()
	defer fleet.Close()
	c := newUsers(t, fleet, "eu}{:x", 1000)
	becomes(t, "status", resil.FleetConnected, func() resil.FleetStatus { return status(c) })
	becomes(t, "granted", true, func() bool { call(t, c, 1); return c.Stats().Fleet.Granted > 0 })
	if err := c.Order(t.Context(), resil.Order{Action: resil.ActionForceOpen, Breaker: "Users"}); err != nil {
		t.Fatal(err)
	}
	becomes(t, "breaker", resil.StateForcedOpen, func() resil.State { return c.Stats().Breaker("Users").State })
	status, err := fleet.Status(t.Context(), "eu}{:x")
	if err != nil || len(status.Processes) != 1 || len(status.Orders) != 1 {
		t.Errorf("%+v, %v", status, err)
	}
}
