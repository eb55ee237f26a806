package resil

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTwoClientsOfOneInterfaceAreTwoByTheirNames(t *testing.T) {
	var r Registry
	var mu sync.Mutex
	var seen []string
	observe := WithObserver(func(_ context.Context, e Event) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e.Client)
	})
	eu := newClient(t, fullSpec(), WithName("orders-eu"), WithRegistry(&r), observe)
	us := newClient(t, fullSpec(), WithName("orders-us"), WithRegistry(&r))
	if r.Client("orders-eu") != eu || r.Client("orders-us") != us || r.Client("Store") != nil {
		t.Error("the registry does not tell the clients apart")
	}
	if eu.Name() != "orders-eu" || eu.Stats().Client != "orders-eu" {
		t.Errorf("name %q, in stats %q", eu.Name(), eu.Stats().Client)
	}
	eu.Breaker("Store").ForceOpen()
	err := Run(context.Background(), eu.Method("Get"), succeed)
	if err == nil || !strings.HasPrefix(err.Error(), "orders-eu.Get: circuit breaker is open") {
		t.Errorf("error %v, want the client's name in it", err)
	}
	eu.Flush(t.Context())
	for _, name := range seen {
		if name != "orders-eu" {
			t.Errorf("an event of client %q", name)
		}
	}
	if len(seen) == 0 {
		t.Error("no events")
	}
}

func TestWhatANameMayBe(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{[]string{""}, "the name of WithName is empty"},
		{[]string{"a", "b"}, "2 names are given, a and b; keep one"},
	} {
		var opts []Option
		for _, name := range tt.names {
			opts = append(opts, WithName(name))
		}
		if _, err := New(fullSpec(), opts...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.names, err, tt.want)
		}
	}
}

func TestOverridesAddressANamedClientByEitherName(t *testing.T) {
	spec := shopSpec().clone()
	spec.own = "shop-eu"
	err := spec.override(Overrides{
		"shop-eu":        {"breaker": "open=5s"},
		"shop-eu[List*]": {"limit": "20/s"},
		"Shop.Get":       {"retry": "4 initial=1ms"},
		"shop-eu.Get":    {"retry": "attempts=5"},
		"Shop.Pay":       {"breaker": "open=7s"},
		"shop-eu.Pay":    {"breaker": "probes=3"},
		"shop-eu.List":   {"hedge": "50ms"},
	})
	if err != nil {
		t.Fatal(err)
	}
	get, list, pay := spec.Methods[0], spec.Methods[1], spec.Methods[2]
	for what, ok := range map[string]bool{
		"the shared breaker":                 get.Breaker.Open == 5*time.Second,
		"the limit":                          list.Limit.Rate.Count == 20,
		"the interface's, then the client's": get.Retry.Attempts == 5 && get.Retry.Initial == time.Millisecond,
		"Pay's breaker":                      pay.Breaker.Open == 7*time.Second && pay.Breaker.Probes == 3,
		"List's hedge":                       list.Hedge.Delay == 50*time.Millisecond,
	} {
		if !ok {
			t.Errorf("%s is not as it should be: %+v", what, spec)
		}
	}
	for wrong, want := range map[string]string{
		"shop-us.Gat": "", // another client's
		"shop-eu.Gte": `did you mean "shop-eu.Get"?`,
		"Shop.Gte":    `did you mean "Shop.Get"?`,
	} {
		if err := spec.override(Overrides{wrong: {"retry": "5"}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", wrong, err, want)
		}
	}
}
