//go:build linux

package resilredis

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	resil "github.com/resilgen/resilgen/runtime"
)

// TestAccess: a user of Redis who may do what the manual lists, and nothing else, is enough.
func TestAccess(t *testing.T) {
	manual, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	_, access, _ := strings.Cut(string(manual), "**Access**")
	access, _, _ = strings.Cut(access, "`resilgen fleet`")
	rules := []string{"on", ">secret", "resetkeys", "~resil:*", "resetchannels", "&resil:*", "-@all"}
	for _, m := range regexp.MustCompile("`([A-Z]+)`").FindAllStringSubmatch(access, -1) {
		rules = append(rules, "+"+strings.ToLower(m[1]))
	}

	p, admin := startRedis(t)
	if err := admin.ACLSetUser(t.Context(), "fleet", rules...).Err(); err != nil {
		t.Fatal(err)
	}
	var fleets []*Fleet
	var clients []*resil.Client
	for range 3 {
		client := redis.NewClient(&redis.Options{Addr: p.addr, Username: "fleet", Password: "secret"})
		f := New(client)
		t.Cleanup(func() { f.Close(); client.Close() })
		fleets, clients = append(fleets, f), append(clients, newUsers(t, f, "Users", 100))
	}
	for _, c := range clients {
		becomes(t, "processes", 3, func() int { return c.Stats().Fleet.Processes })
	}
	call(t, clients[0], 10)
	becomes(t, "asks that were answered", true, func() bool { return clients[0].Stats().Fleet.Asks > 0 })
	trip(t, clients[0])
	trip(t, clients[1])
	becomes(t, "breaker", resil.StateHalfOpen, func() resil.State { return state(clients[2]) })
	if err := clients[0].Order(t.Context(), resil.Order{Action: resil.ActionForceOpen, Breaker: "Users"}); err != nil {
		t.Fatal(err)
	}
	becomes(t, "breaker after an order", resil.StateForcedOpen, func() resil.State { return state(clients[2]) })
	if _, err := fleets[0].Status(t.Context(), "Users"); err != nil {
		t.Error(err)
	}
	becomes(t, "clients", 1, func() int { names, _ := fleets[0].Clients(t.Context()); return len(names) })
	fleets[2].Close()
	if n := admin.ZCard(t.Context(), "resil:{Users}:members").Val(); n != 2 {
		t.Errorf("%d members after one has left, want 2", n)
	}
	log, err := admin.ACLLog(t.Context(), 100).Result()
	for _, refused := range log {
		if !strings.HasPrefix(refused.Object, "client|setinfo") { // it need not succeed
			t.Errorf("refused: %s %s", refused.Context, refused.Object)
		}
	}
	if err != nil {
		t.Error(err)
	}
}
