package resil

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errBackend = Infra(errors.New("backend down"))

func broken(context.Context) error { return errBackend }

// fleetBreaker is a breaker with scope=fleet that opens at the third failure.
func fleetBreaker(set func(*Breaker)) func(*Spec, *MethodSpec) {
	return withBreaker(func(b *Breaker) {
		b.Consecutive, b.Ratio, b.Extent = 3, 0, ExtentFleet
		if set != nil {
			set(b)
		}
	})
}

func tripOpen(t *testing.T, m *Method) {
	t.Helper()
	for range 3 {
		Run(t.Context(), m, broken)
	}
	synctest.Wait()
}

func statesOf(clients []*Client) string {
	var states []string
	for _, c := range clients {
		states = append(states, c.Stats().Breaker("Store").State.String())
	}
	return strings.Join(states, " ")
}

func TestSuspicionHasTheOthersProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		var seen []Event
		clients, methods := fleetMethods(t, s, 4, fleetBreaker(func(b *Breaker) { b.Ramp = time.Minute }))
		watched, wm := newMethod(t, fleetBreaker(nil), WithFleet(s.fleet()), WithObserver(func(_ context.Context, e Event) {
			if e.Kind == EventStateChanged {
				seen = append(seen, e)
			}
		}))
		for range 7 {
			Run(t.Context(), methods[2], succeed)
		}
		Run(t.Context(), methods[2], broken)

		tripOpen(t, methods[0])
		if got := statesOf(clients); got != "open closed closed closed" {
			t.Fatalf("one process reports: %s", got)
		}
		tripOpen(t, methods[1])
		if got := statesOf(clients); got != "open open half-open half-open" {
			t.Fatalf("two processes report: %s", got)
		}
		if b := clients[2].Stats().Breaker("Store"); b.Opening == nil || b.Opening.Rule != RuleSuspected || b.Opened != 0 {
			t.Errorf("stats %+v", b)
		}

		// The probes of the third process succeed: it goes on with its window and no ramp.
		for range 2 {
			if err := Run(t.Context(), methods[2], succeed); err != nil {
				t.Fatal(err)
			}
		}
		if b := clients[2].Stats().Breaker("Store"); b.State != StateClosed || b.Successes != 7 || b.Failures != 1 || b.Ramp != 0 {
			t.Errorf("after two probes that succeeded: %+v", b)
		}
		// That of the fourth fails.
		Run(t.Context(), methods[3], broken)
		synctest.Wait()
		if got := statesOf(clients); got != "open open closed open" {
			t.Errorf("when the probes have ended: %s", got)
		}
		Run(t.Context(), wm, succeed)
		Run(t.Context(), wm, succeed)
		watched.Flush(t.Context())
		if len(seen) != 2 || seen[0].To != StateHalfOpen || seen[0].From != StateClosed || seen[0].Opening == nil || seen[0].Opening.Rule != RuleSuspected || seen[1].To != StateClosed {
			t.Errorf("events %+v", seen)
		}

		// They recover, withdraw what they reported, and report again.
		time.Sleep(40 * time.Second)
		for _, i := range []int{0, 1, 3} {
			Run(t.Context(), methods[i], succeed)
			Run(t.Context(), methods[i], succeed)
		}
		synctest.Wait()
		if n := len(clients[2].Stats().Fleet.Suspicions); n != 0 {
			t.Errorf("%d suspicions are left", n)
		}
	})
}

// TestSuspicionOfOneHarmsNobody: however long one process of many fails, and however often its
// breaker opens, the others never refuse a call.
func TestSuspicionOfOneHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		clients, methods := fleetMethods(t, s, 5, fleetBreaker(nil))
		for range 600 {
			Run(t.Context(), methods[0], broken)
			for _, m := range methods[1:] {
				if err := Run(t.Context(), m, succeed); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
		}
		if n := clients[0].Stats().Breaker("Store").Opened; n < 10 {
			t.Errorf("the sick one opened %d times", n)
		}
		for _, c := range clients[1:] {
			if b := c.Stats().Breaker("Store"); b.State != StateClosed || b.Successes < 50 {
				t.Errorf("%+v", b)
			}
		}
	})
}

// TestSuspicionOfTheSickHasOthersProbeOnce: processes that stay sick, and whose probes take a
// while to fail, report one suspicion and not one after the other.
func TestSuspicionOfTheSickHasOthersProbeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		var probed atomic.Int64
		_, methods := fleetMethods(t, s, 5, fleetBreaker(nil), WithObserver(func(_ context.Context, e Event) {
			if e.Kind == EventStateChanged && e.Opening != nil && e.Opening.Rule == RuleSuspected {
				probed.Add(1)
			}
		}))
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		for i, m := range methods {
			go func() {
				for ctx.Err() == nil {
					Run(ctx, m, func(context.Context) error {
						if i < 2 {
							time.Sleep(5 * time.Second)
							return errBackend
						}
						return nil
					})
					s.publish(nil) // as a store that is read every second
					time.Sleep(time.Second)
				}
			}()
		}
		<-ctx.Done()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := probed.Load(); n > 3 {
			t.Errorf("the three well ones went half-open %d times in an hour", n)
		}
	})
}

func TestQuorum(t *testing.T) {
	for processes, want := range map[int]int{0: 2, 1: 2, 2: 2, 20: 2, 21: 3, 50: 5, 51: 6, 1000: 100} {
		if got := quorum(processes); got != want {
			t.Errorf("quorum(%d) = %d, want %d", processes, got, want)
		}
	}
}

func TestSuspicionReachesWhoComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		_, methods := fleetMethods(t, s, 3, fleetBreaker(nil))
		tripOpen(t, methods[0])
		tripOpen(t, methods[1])
		clients, late := fleetMethods(t, s, 1, fleetBreaker(nil))
		if got := statesOf(clients); got != "half-open" {
			t.Fatalf("a process that starts under suspicion is %s", got)
		}
		if err := Run(t.Context(), late[0], succeed); err != nil {
			t.Error(err)
		}
		time.Sleep(70 * time.Second) // twice the open time of 30s, 10 % more
		clients, _ = fleetMethods(t, s, 1, fleetBreaker(nil))
		if got := statesOf(clients); got != "closed" {
			t.Errorf("a process that starts when the suspicion has ended is %s", got)
		}
	})
}

type cell struct {
	region string
	number int
}

func TestSuspicionByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		var clients []*Client
		var keyed []*KeyedMethod[cell]
		for range 3 {
			c, _ := newMethod(t, fleetBreaker(func(b *Breaker) { b.Scope = Scope{Per: "shard", Keys: 100} }), WithFleet(s.fleet()))
			clients, keyed = append(clients, c), append(keyed, keyedMethod[cell](c, "Get"))
		}
		synctest.Wait()
		sick, well := cell{"eu", 1}, cell{"eu", 2}
		Run(t.Context(), keyed[2].For(well), succeed)
		for _, k := range keyed[:2] {
			for range 3 {
				Run(t.Context(), k.For(sick), broken)
			}
		}
		synctest.Wait()
		third := clients[2].Breaker("Store")
		if n := clients[2].Stats().Breaker("Store").Keys; n != 1 {
			t.Errorf("%d keys are held, a suspicion makes none", n)
		}
		if err := Run(t.Context(), keyed[2].For(sick), broken); !errors.Is(err, errBackend) {
			t.Errorf("the first call of a suspected key: %v", err)
		}
		if a, b := third.For(sick).State(), third.For(well).State(); a != StateOpen || b != StateClosed {
			t.Errorf("after a probe that failed: %v, and %v for the other key", a, b)
		}
	})
}

func TestKeyText(t *testing.T) {
	type name string
	for key, want := range map[any]string{
		"":                           "",
		"a b":                        "a b",
		name("x"):                    "x",
		7:                            "7",
		true:                         "true",
		2 * time.Second:              "2s",
		[2]string{"a b", "c"}:        `[2]string{"a b", "c"}`,
		cell{region: "a", number: 1}: `resil.cell{region:"a", number:1}`,
	} {
		if got := KeyText(key); got != want {
			t.Errorf("KeyText(%#v) = %q, want %q", key, got, want)
		}
	}
}

func TestOrdersReachEveryProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		clients, methods := fleetMethods(t, s, 3, fleetBreaker(func(b *Breaker) { b.Extent = ExtentProcess }))
		order := func(o Order) {
			t.Helper()
			o.By = "ada"
			if err := clients[0].Order(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		want := func(want string) {
			t.Helper()
			if got := statesOf(clients); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
		}
		order(Order{Action: ActionForceOpen, Breaker: "Store"})
		want("forced-open forced-open forced-open")
		b := clients[1].Stats().Breaker("Store")
		if b.Opening == nil || b.Opening.Rule != RuleForced || b.Opening.By != "ada" {
			t.Errorf("stats %+v", b)
		}
		if o := clients[2].Stats().Fleet.Orders; len(o) != 1 || o[0].By != "ada" || o[0].Action != ActionForceOpen || o[0].At.IsZero() {
			t.Errorf("orders %+v", o)
		}
		late, _ := fleetMethods(t, s, 1, fleetBreaker(nil))
		if got := statesOf(late); got != "forced-open" {
			t.Errorf("who comes later is %s", got)
		}

		clients[0].Breaker("Store").Reset() // in one process, by hand
		s.publish(nil)
		synctest.Wait()
		want("closed forced-open forced-open")

		order(Order{Action: ActionReset, Breaker: "Store"})
		want("closed closed closed")
		order(Order{Action: ActionForceClose, Breaker: "Store", For: time.Minute})
		want("forced-closed forced-closed forced-closed")
		tripOpen(t, methods[0])
		time.Sleep(time.Minute)
		synctest.Wait()
		want("closed closed closed")
		time.Sleep(time.Hour)
	})
}

func TestOrdersByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		c, _ := newMethod(t, fleetBreaker(func(b *Breaker) { b.Scope = Scope{Per: "peer", Keys: 100} }), WithFleet(s.fleet()))
		k := keyedMethod[string](c, "Get")
		Run(t.Context(), k.For("a"), succeed)
		for _, key := range []string{"a", "b"} {
			if err := c.Order(t.Context(), Order{Action: ActionForceOpen, Breaker: "Store", Key: key, For: time.Minute}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		time.Sleep(40 * time.Second)
		for key, want := range map[string]error{"a": ErrOpen, "b": ErrOpen, "c": nil} {
			if err := Run(t.Context(), k.For(key), succeed); !errors.Is(err, want) {
				t.Errorf("key %s: %v, want %v", key, err, want)
			}
		}
		if left := c.Breaker("Store").For("b").retryAfter(); left != 20*time.Second {
			t.Errorf("a key that came later is forced for %v, want the 20s that were left", left)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		for _, key := range []string{"a", "b", "new"} {
			if err := Run(t.Context(), k.For(key), succeed); err != nil {
				t.Errorf("key %s: %v after the time", key, err)
			}
		}
	})
}

func TestOrdersOfOverrides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		var told []Event
		clients, _ := fleetMethods(t, s, 2, withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 100}))
		other, _ := newMethod(t, func(*Spec, *MethodSpec) {}, WithFleet(s.fleet()), WithObserver(func(_ context.Context, e Event) { told = append(told, e) }))
		apply := func(o Overrides) {
			t.Helper()
			if err := clients[0].Order(t.Context(), Order{Action: ActionApply, Overrides: o, By: "ada"}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		want := func(rate, burst int) {
			t.Helper()
			for _, c := range clients {
				if l := c.Stats().Limit("Store"); l.Rate.Count != rate || l.Burst != burst {
					t.Errorf("limit %v burst %d, want %d and %d", l.Rate, l.Burst, rate, burst)
				}
			}
		}
		for _, c := range clients {
			if err := c.Apply(Overrides{"Store": {"limit": "70/s burst=7"}}); err != nil {
				t.Fatal(err)
			}
		}
		apply(Overrides{"Store": {"limit": "50/s"}})
		want(50, 7) // word by word
		for _, c := range clients {
			c.Apply(Overrides{"Store": {"limit": "80/s burst=8"}})
		}
		want(50, 8)
		if o := clients[1].Overrides(); o["Store"]["limit"] != "80/s burst=8" {
			t.Errorf("the client's own overrides are %v", o)
		}
		apply(nil)
		want(80, 8)

		// A client that cannot obey says so, and goes on as it was.
		if f := other.Stats().Fleet; f.Refused != nil {
			t.Errorf("refused: %v, though nothing is in force any more", f.Refused)
		}
		apply(Overrides{"Store": {"limit": "50/s"}})
		other.Flush(t.Context())
		if f := other.Stats().Fleet; f.Refused == nil || !strings.Contains(f.Refused.Error(), "override of Store: limit") {
			t.Errorf("refused: %v", f.Refused)
		}
		if err := other.member.Update(s.current()); err == nil || !strings.Contains(err.Error(), "override of Store: limit") {
			t.Errorf("told the same again: %v", err)
		}
		events := 0
		other.Flush(t.Context())
		for _, e := range told {
			if e.Kind == EventFleet && e.Err != nil {
				events++
			}
		}
		if events != 2 {
			t.Errorf("%d events of two orders that were refused", events)
		}
	})
}

// TestOrdersThatCanBeObeyedLater: overrides that did not go with the client's own are in force
// when they do.
func TestOrdersThatCanBeObeyedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		clients, _ := fleetMethods(t, s, 2, withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 100}))
		if err := clients[1].Apply(Overrides{"Store": {"limit": "wait=1s queue=5"}}); err != nil {
			t.Fatal(err)
		}
		if err := clients[0].Order(t.Context(), Order{Action: ActionApply, Overrides: Overrides{"Store": {"limit": "50/s wait=0"}}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if f := clients[1].Stats().Fleet; f.Refused == nil || clients[1].Stats().Limit("Store").Rate.Count != 100 {
			t.Fatalf("%+v", f)
		}
		if err := clients[1].Apply(nil); err != nil {
			t.Fatal(err)
		}
		clients[1].member.Update(s.current()) // as a store that is read every second
		if f := clients[1].Stats().Fleet; f.Refused != nil || clients[1].Stats().Limit("Store").Rate.Count != 50 {
			t.Errorf("refused: %v", f.Refused)
		}
	})
}

func TestOrdersThatCannotBeObeyedAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		plain, _ := newMethod(t, fleetBreaker(nil), WithFleet(s.fleet()))
		keyed, _ := newMethod(t, fleetBreaker(func(b *Breaker) { b.Scope = Scope{Per: "peer", Keys: 100} }), WithFleet(s.fleet()))
		keyedMethod[string](keyed, "Get")
		none, _ := newMethod(t, func(*Spec, *MethodSpec) {}, WithFleet(s.fleet()))
		alone, _ := newMethod(t, fleetBreaker(func(b *Breaker) { b.Extent = ExtentProcess }))
		synctest.Wait()
		for _, c := range []struct {
			client *Client
			order  Order
			want   string
		}{
			{plain, Order{Breaker: "Stor"}, `resil: order for Store: unknown breaker "Stor"; did you mean "Store"?`},
			{plain, Order{Breaker: "Store", Key: "x"}, "breaker Store is not kept by key; leave the key x out"},
			{plain, Order{Breaker: "Store", For: -1}, "means nothing here"},
			{plain, Order{Breaker: "Store", Action: ActionReset, For: 1}, "means nothing here"},
			{keyed, Order{Breaker: "Store", Key: "a\xff"}, `the key a\xff is no valid text`},
			{plain, Order{Breaker: "Store", Action: 9}, "there is no action 9"},
			{plain, Order{Action: ActionApply, Overrides: Overrides{"Store": {"breaker": "open=x"}}}, "override of Store: breaker"},
			{keyed, Order{Breaker: "Store"}, "breaker Store is kept by key; say which"},
			{none, Order{Breaker: "Store"}, "it has no breaker"},
			{alone, Order{Breaker: "Store"}, "client Store belongs to no fleet; give its constructor resil.WithFleet"},
		} {
			if err := c.client.Order(t.Context(), c.order); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: got %v, want %q", c.order, err, c.want)
			}
		}
		if n := len(s.current().Orders); n != 0 {
			t.Errorf("%d orders were published", n)
		}
	})
}

func TestFleetEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		var told []string
		f := s.fleet()
		c, _ := newMethod(t, func(*Spec, *MethodSpec) {}, WithFleet(f), WithObserver(func(_ context.Context, e Event) {
			told = append(told, fmt.Sprint(e.Kind, " ", e.Fleet, " ", e.Err))
		}))
		synctest.Wait()
		for range 2 {
			f.member.Lost(errStore)
			f.member.Lost(errStore)
			s := c.Stats().Fleet
			if s.Status != FleetDegraded || s.LastError != errStore || s.Processes != 1 {
				t.Errorf("stats %+v", s)
			}
			f.member.Update(FleetState{Processes: 1})
		}
		c.Flush(t.Context())
		want := "fleet degraded store gone,fleet connected <nil>,fleet degraded store gone,fleet connected <nil>"
		if got := strings.Join(told, ","); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// TestEndOfAForceWithdrawsNoReport: a breaker whose open time has passed while it was forced
// has told the others nothing new when it probes again.
func TestEndOfAForceWithdrawsNoReport(t *testing.T) {
	for _, forced := range []time.Duration{5 * time.Second, 29 * time.Second, 31 * time.Second, 40 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore()
			clients, methods := fleetMethods(t, s, 2, fleetBreaker(func(b *Breaker) { b.Open, b.OpenMax = 30*time.Second, 30*time.Second }))
			tripOpen(t, methods[0])
			clients[0].Breaker("Store").ForceOpenFor(forced)
			time.Sleep(forced + time.Second)
			synctest.Wait()
			if n := len(clients[1].Stats().Fleet.Suspicions); n != 1 {
				t.Errorf("forced for %v: %d suspicions are left", forced, n)
			}
		})
	}
}

func TestOrdersOfUnknownActionsHaveATextToo(t *testing.T) {
	for action, want := range map[Action]string{
		ActionForceOpen:  "Store: force open breaker Get",
		ActionForceClose: "Store: force closed breaker Get",
		ActionReset:      "Store: reset breaker Get",
		9:                "Store: 9 breaker Get",
	} {
		if got := (Order{Client: "Store", Action: action, Breaker: "Get"}).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
