//go:build linux

package resilredis

import (
	"strings"
	"testing"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// TestOneLimitCannotBeKept: a key that Redis cannot use for one limit is that limit's trouble.
func TestOneLimitCannotBeKept(t *testing.T) {
	p, admin := startRedis(t)
	f := newFleet(t, p.addr)
	broken, other := newUsers(t, f, "Broken", 100), newUsers(t, f, "Other", 100)
	becomes(t, "status", resil.FleetConnected, func() resil.FleetStatus { return status(other) })
	for _, key := range []string{"limit:Users", "asking:Users"} {
		admin.Set(t.Context(), "resil:{Broken}:"+key, "x", 0)
	}
	start(t, []*resil.Client{broken, other})
	time.Sleep(2 * time.Second)
	a, b := broken.Stats().Fleet, other.Stats().Fleet
	store := f.Store().Stats()
	if store.Breaker("store").Opened > 0 || b.AsksLost > 0 || b.Status != resil.FleetConnected {
		t.Errorf("the other client has lost Redis too: %+v", b)
	}
	if a.Status != resil.FleetDegraded {
		t.Errorf("%+v", a)
	}
}

// TestRedisRefuses: with a Redis that answers and refuses, calls go on as without one.
func TestRedisRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{name: "password", args: []string{"--requirepass", "x"}},
		{name: "memory", args: []string{"--maxmemory", "1", "--maxmemory-policy", "noeviction"}},
		{name: "replica", args: []string{"--replicaof", "127.0.0.1", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &process{t: t, addr: freeAddr(t)}
			p.args = append([]string{"--port", p.addr[strings.LastIndex(p.addr, ":")+1:], "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", ""}, c.args...)
			t.Cleanup(p.kill)
			p.start()
			time.Sleep(500 * time.Millisecond)
			f := newFleet(t, p.addr, WithProcesses(2))
			u := newUsers(t, f, "Users", 200)
			start(t, []*resil.Client{u})
			becomes(t, "status", resil.FleetDegraded, func() resil.FleetStatus { return status(u) })
			time.Sleep(2 * time.Second)
			rate := during([]*resil.Client{u}, 2*time.Second)
			if rate < 80 || rate > 120 {
				t.Errorf("%.0f calls a second, want half of 200; %+v", rate, u.Stats().Fleet)
			}
		})
	}
}
