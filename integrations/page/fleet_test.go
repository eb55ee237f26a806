package resilpage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A testFleet is one whose store is this program.
type testFleet struct {
	members []*resil.Member
	state   resil.FleetState
	err     error // of orders
}

func (f *testFleet) Join(m *resil.Member) error {
	f.members = append(f.members, m)
	f.state.Processes = len(f.members)
	return f.tell()
}

func (f *testFleet) Ask(a *resil.Ask) { go a.Answer(resil.Grant{Tokens: a.Tokens, Busy: 1}, nil) }

func (f *testFleet) Report(*resil.Member, resil.Suspicion) {}

func (f *testFleet) Order(_ context.Context, o resil.Order) error {
	if f.err != nil {
		return f.err
	}
	o.At, o.ID = time.Now(), fmt.Sprint(time.Now().UnixNano(), len(f.state.Orders))
	f.state.Orders = slices.DeleteFunc(f.state.Orders, func(other resil.Order) bool {
		return other.Breaker == o.Breaker && other.Key == o.Key
	})
	f.state.Orders = append(f.state.Orders, o)
	return f.tell()
}

func (f *testFleet) tell() (err error) {
	for _, m := range f.members {
		err = errors.Join(err, m.Update(f.state))
	}
	return err
}

// newMember makes a client in a process of its own.
func newMember(t *testing.T, f *testFleet, r *resil.Registry, m resil.MethodSpec, directives ...string) *resil.Client {
	t.Helper()
	p, err := resil.ParsePolicies(directives...)
	if err != nil {
		t.Fatal(err)
	}
	if p.Breaker != nil {
		p.Breaker.Name = "Users"
	}
	if p.Limit != nil {
		p.Limit.Name = "Users"
	}
	m.Name, m.Policies = "Get", p
	c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{m}}, resil.WithRegistry(r), resil.WithFleet(f))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// finding is the one of a kind.
func finding(t *testing.T, c ClientState, kind string) Finding {
	t.Helper()
	i := slices.IndexFunc(c.Findings, func(f Finding) bool { return f.Kind == kind })
	if i < 0 {
		t.Fatalf("no %s in %+v", kind, c.Findings)
	}
	return c.Findings[i]
}

func TestTheFleetOnThePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet, registry := new(testFleet), new(resil.Registry)
		directives := []string{"breaker scope=fleet", "limit 1000/s scope=fleet"}
		newMember(t, fleet, registry, resil.MethodSpec{}, directives...)
		for range 2 {
			newMember(t, fleet, new(resil.Registry), resil.MethodSpec{}, directives...)
		}
		page := newPage(t, registry)
		current := func() ClientState {
			t.Helper()
			time.Sleep(time.Second)
			return state(t, page, "").Clients[0]
		}
		says := func(texts ...string) {
			t.Helper()
			html := get(page, "/").Body.String()
			for _, text := range texts {
				if !strings.Contains(html, text) {
					t.Errorf("the page does not say %q", text)
				}
			}
		}

		c := current()
		if f := c.Fleet; c.Status != StatusOK || f == nil || f.Status != "connected" || f.Processes != 3 || !c.Limits[0].Fleet || c.Limits[0].Part != "" {
			t.Errorf("connected: %+v", c)
		}
		says("one of 3 in the fleet", "fleet connected", "1000/s for the whole fleet", "3 processes known", "No orders are in force")

		fleet.members[0].Lost(errors.New("dial tcp 10.0.0.9:6379: password=hunter2"))
		time.Sleep(4 * time.Second)
		c = current()
		got := finding(t, c, "fleet-degraded")
		if got.Status != StatusWatch || got.Text != "fleet degraded for 5 s: its store does not answer, and this process goes on alone" ||
			got.Why != "last known: 3 processes; limit keeps to 333.3/s of 1000/s; breakers go by this process's own calls" ||
			got.Error != "dial tcp 10.0.0.9:6379: password=…" || got.Since.IsZero() || c.Limits[0].Part != "333.3/s" {
			t.Errorf("degraded: %+v, %+v", got, c.Limits)
		}
		says("fleet degraded", "now 333.3/s for this process")

		fleet.state.Suspicions = []resil.Suspicion{{Breaker: "Users", Processes: 2, For: time.Minute}}
		if err := fleet.tell(); err != nil {
			t.Fatal(err)
		}
		c = current()
		if got := finding(t, c, "breaker-half-open"); got.Why != "2 of 3 processes of the fleet have opened theirs, so this one makes sure" {
			t.Errorf("suspected: %+v", got)
		}
		says("Breaker Users is open in 2 processes")

		err := fleet.members[1].Client().Order(t.Context(), resil.Order{Action: resil.ActionForceOpen, Breaker: "Users", By: "ada, token=hunter2"})
		if err != nil {
			t.Fatal(err)
		}
		at := clock(time.Now())
		c = current()
		if got := finding(t, c, "breaker-forced-open"); got.Why != "ordered for the whole fleet at "+at+" by ada, token=…" {
			t.Errorf("ordered: %+v", got)
		}
		if o := c.Fleet.Orders; len(o) != 1 || o[0].Text != "force breaker Users open until it is reset" || o[0].By != "ada, token=…" {
			t.Errorf("%+v", o)
		}
		says("Ordered for all by ada", "force breaker Users open until it is reset")

		fleet.state.Orders = append(fleet.state.Orders, resil.Order{Action: resil.ActionApply, ID: "x", Overrides: resil.Overrides{"Users": {"breaker": "probes=0"}}})
		fleet.tell()
		if got := finding(t, current(), "fleet-refused"); !strings.Contains(got.Error, "probes") {
			t.Errorf("refused: %+v", got)
		}
	})
}

// An order may hold while somebody has reset the breaker here and forced it again.
func TestABreakerForcedHereIsNotSaidToBeOrdered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet, registry := new(testFleet), new(resil.Registry)
		here := newMember(t, fleet, registry, resil.MethodSpec{}, "breaker")
		page := newPage(t, registry)
		why := func() string {
			t.Helper()
			time.Sleep(time.Second)
			return finding(t, state(t, page, "").Clients[0], "breaker-forced-open").Why
		}
		if err := here.Order(t.Context(), resil.Order{Action: resil.ActionForceOpen, Breaker: "Users", By: "ada"}); err != nil {
			t.Fatal(err)
		}
		if got := why(); !strings.HasSuffix(got, " by ada") {
			t.Errorf("ordered: %s", got)
		}
		here.Breaker("Users").Reset()
		here.Breaker("Users").ForceOpen()
		if got := why(); got != "by hand or by the program, not by failures" {
			t.Errorf("forced here: %s", got)
		}
	})
}

// An action is in this process only, unless the fleet is chosen.
func TestActionsInTheWholeFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet, registry := new(testFleet), new(resil.Registry)
		here := newMember(t, fleet, registry, resil.MethodSpec{}, "breaker")
		there := newMember(t, fleet, new(resil.Registry), resil.MethodSpec{}, "breaker")
		newClient(t, registry, "Alone", "breaker")
		var told audit
		page := newPage(t, registry, WithActions(ann), WithAudit(told.add))
		state(t, page, "")
		states := func() string { return fmt.Sprint(here.Breaker("Users").State(), " ", there.Breaker("Users").State()) }
		do := func(code int, want string, pairs ...string) {
			t.Helper()
			time.Sleep(time.Second)
			w := post(page, form(append([]string{"breaker", "Users"}, pairs...)...))
			if w.Code != code {
				t.Fatalf("%q: %d, %s", pairs, w.Code, w.Body)
			}
			if got := states(); got != want {
				t.Errorf("%q: %s, want %s", pairs, got, want)
			}
		}
		do(303, "forced-open closed", "do", "force-open", "where", "process")
		do(303, "forced-open forced-open", "do", "force-open", "where", "fleet", "for", "5m", "reason", "disk full")
		if a := told.last(t); !a.Fleet || a.String() != "force breaker Users open for 5 min, in the whole fleet" {
			t.Errorf("%+v", a)
		}
		if o := fleet.state.Orders[0]; o.By != "ann, “disk full”" || o.For != 5*time.Minute {
			t.Errorf("%+v", o)
		}
		do(303, "closed forced-open", "do", "reset")
		do(303, "closed closed", "do", "reset", "where", "fleet")
		do(303, "forced-closed forced-closed", "do", "force-close", "where", "fleet")
		do(400, "forced-closed forced-closed", "do", "reset", "where", "everywhere")
		do(400, "forced-closed forced-closed", "do", "stop-chaos", "where", "fleet")
		do(400, "forced-closed forced-closed", "client", "c2", "breaker", "Alone", "do", "force-open", "where", "fleet")
		fleet.err = errors.New("redis://:hunter2@10.0.0.9 is away")
		do(502, "forced-closed forced-closed", "do", "reset", "where", "fleet")
		if a := told.last(t); strings.Contains(a.Error, "hunter2") || !strings.Contains(a.Error, "is away") {
			t.Errorf("%+v", a)
		}
		fleet.err = nil

		none := version(nil)
		overrides := `{"Users": {"breaker": "open=7s"}}`
		do(303, "forced-closed forced-closed", "do", "apply", "where", "fleet", "overrides", overrides, "was", "something else", "wasfleet", none)
		if got := there.Spec().Methods[0].Policies.Breaker.Open; got != 7*time.Second {
			t.Errorf("the other process has open=%s", got)
		}
		do(409, "forced-closed forced-closed", "do", "apply", "where", "fleet", "overrides", overrides, "wasfleet", none)
		do(502, "forced-closed forced-closed", "do", "apply", "where", "fleet", "overrides", `{"Users": {"breaker": "open=never"}}`)
		do(303, "forced-closed forced-closed", "do", "drop", "where", "fleet")
		if got := there.Spec().Methods[0].Policies.Breaker.Open; got != 30*time.Second {
			t.Errorf("the other process keeps open=%s", got)
		}

		html := get(page, "/").Body.String()
		if n := strings.Count(html, `<option value="fleet">In the whole fleet, 2 processes`); n != 2 {
			t.Errorf("the fleet is offered %d times, want for the breaker and the overrides of Users", n)
		}
	})
}

// Keys are ordered by the texts that other processes know them by, whatever is shown.
func TestKeysInTheWholeFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet, registry := new(testFleet), new(resil.Registry)
		here, there := new(resil.KeyedMethod[string]), new(resil.KeyedMethod[string])
		newMember(t, fleet, registry, resil.MethodSpec{Method: here}, "breaker per=tenant")
		other := newMember(t, fleet, new(resil.Registry), resil.MethodSpec{Method: there}, "breaker per=tenant")
		page := newPage(t, registry, WithActions(ann), WithAudit(func(context.Context, Action) {}),
			WithRedact(func(text string) string { return strings.ReplaceAll(text, "4711", "…") }))
		fail(here.For("customer 4711"), 9, errDown)
		key := state(t, page, "").Clients[0].Breakers[0].Worst[0]
		if w := post(page, form("breaker", "Users", "do", "force-open", "where", "fleet", "key", key.KeyID)); w.Code != http.StatusSeeOther {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		if got := other.Breaker("Users").For("customer 4711").State(); key.Key != "customer …" || got != resil.StateForcedOpen {
			t.Errorf("%q is %s in the other process", key.Key, got)
		}
	})
	for _, key := range []any{panics{}, hangs{}, exits{}} {
		synctest.Test(t, func(t *testing.T) {
			if _, why := new(printer).keyText(key); (why == "") != (fmt.Sprintf("%T", key) == "resilpage.panics") {
				t.Errorf("%T: %s", key, why)
			}
			time.Sleep(time.Hour)
		})
	}
	// Orders leave no more goroutines behind than what is shown does.
	synctest.Test(t, func(t *testing.T) {
		p, began := new(printer), time.Now()
		for range 3 * maxHung {
			if _, why := p.keyText(hangs{}); why == "" {
				t.Error("there is a text of a key that hangs")
			}
		}
		if waited := time.Since(began); waited != maxHung*patience {
			t.Errorf("asking took %s, want %s, for %d texts", waited, maxHung*patience, maxHung)
		}
		time.Sleep(time.Hour)
	})
}
