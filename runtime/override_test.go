package resil

import (
	"strings"
	"testing"
	"time"
)

// shop has a breaker for all, one for Pay alone, and a limit for those that list.
func shopSpec() Spec {
	all, pay := copyOf(&testBreaker), copyOf(&testBreaker)
	all.Name, pay.Name = "Shop", "Shop.Pay"
	return Spec{
		Name: "Shop",
		Methods: []MethodSpec{
			{Name: "Get", Policies: Policies{
				Timeout:  &Timeout{Total: time.Hour},
				Retry:    copyOf(&testRetry),
				Breaker:  all,
				Bulkhead: &Bulkhead{Name: "Shop", Calls: 10},
			}},
			{Name: "List", Policies: Policies{
				Retry:   copyOf(&testRetry),
				Breaker: all,
				Limit:   &Limit{Name: "Shop[List*]", Rate: Rate{Count: 10, Per: time.Second}},
				Hedge:   &Hedge{Delay: time.Second, Max: 1},
			}},
			{Name: "Pay", Policies: Policies{Breaker: pay}},
		},
	}
}

func TestOverrides(t *testing.T) {
	spec := shopSpec()
	err := spec.override(Overrides{
		"Shop":        {"breaker": "open=5s", "bulkhead": "20", "retry": "attempts=5 max=2s"},
		"Shop.Pay":    {"breaker": "mode=observe"},
		"Shop[List*]": {"limit": "rate=100/s wait=1s"},
		"Shop.Get":    {"timeout": "2h attempt=1s"},
		"Shop.List":   {"retry": "4 jitter=none", "hedge": "50ms max=2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	get, list, pay := spec.Methods[0], spec.Methods[1], spec.Methods[2]
	for what, ok := range map[string]bool{
		"the shared breaker":      get.Breaker.Open == 5*time.Second && get.Breaker.Consecutive == 5 && list.Breaker == get.Breaker,
		"Pay's breaker":           pay.Breaker.Mode == ModeObserve && pay.Breaker.Open == 30*time.Second,
		"the limit":               *list.Limit == Limit{Name: "Shop[List*]", Rate: Rate{Count: 100, Per: time.Second}, Wait: time.Second},
		"the bulkhead":            get.Bulkhead.Calls == 20,
		"Get's timeout":           *get.Timeout == Timeout{Total: 2 * time.Hour, Attempt: time.Second},
		"everybody's retry":       get.Retry.Attempts == 5 && get.Retry.Max == 2*time.Second,
		"List's retry after it":   list.Retry.Attempts == 4 && list.Retry.Max == 2*time.Second && list.Retry.Jitter == JitterNone,
		"List's hedge":            *list.Hedge == Hedge{Delay: 50 * time.Millisecond, Max: 2},
		"no retry where none was": pay.Retry == nil,
	} {
		if !ok {
			t.Errorf("%s is not as it should be: %+v", what, spec)
		}
	}
}

func TestOverridesThatAttachToNothingAreErrors(t *testing.T) {
	for _, tt := range []struct{ target, directive, text, want string }{
		{"Shop.Gte", "retry", "5", `override of Shop.Gte: unknown name "Shop.Gte"; did you mean "Shop.Get"?`},
		{"Shop.Get", "retyr", "5", `unknown override "retyr"; did you mean "retry"?`},
		{"Shop.Get", "retry", "atempts=5", `unknown key "atempts"; did you mean "attempts"?`},
		{"Shop.Get", "retry", "attempts=0", "write 1 or more"},
		{"Shop.Get", "retry", "attempts=5 attempts=6", "attempts is given twice"},
		{"Shop.Get", "breaker", "open=1s", `Get shares it with others; address it as "Shop"`},
		{"Shop.Pay", "retry", "5", "Pay has none; write the directive //resil:retry and generate again"},
		{"Shop[List*]", "retry", "5", "address a retry by its method"},
		{"Shop", "timeout", "attempt=3h", "attempt=3h is longer than the whole call's 1h"},
		{"Shop", "breaker", "off", "write mode=observe"},
		{"Shop", "breaker", "per=peer", "per is part of the generated code"},
		{"Shop", "classify", "all", `unknown override "classify"`},
	} {
		t.Run(tt.target+" "+tt.directive+" "+tt.text, func(t *testing.T) {
			_, err := New(shopSpec(), WithOverrides(Overrides{tt.target: {tt.directive: tt.text}}))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestOverrideOfAnUnknownNameIsAnErrorThoughItIsEmpty(t *testing.T) {
	_, err := New(shopSpec(), WithOverrides(Overrides{"Shop.Gte": {}}))
	if err == nil || !strings.Contains(err.Error(), `did you mean "Shop.Get"?`) {
		t.Errorf("got %v, want an error about Shop.Gte", err)
	}
}

func TestOverrideOfAGuardThatNoMethodHas(t *testing.T) {
	spec := Spec{Name: "Shop", Methods: []MethodSpec{{Name: "Get"}}}
	_, err := New(spec, WithOverrides(Overrides{"Shop": {"breaker": "open=5s"}}))
	if err == nil || !strings.Contains(err.Error(), "the client has none") {
		t.Errorf("got %v, want an error", err)
	}
}

func TestClientsBudgetReachesMethodsThatAreOnlyHedged(t *testing.T) {
	spec := shopSpec()
	spec.Methods[1].Retry, spec.Methods[1].Hedge.Budget = nil, 20*Percent
	if err := spec.override(Overrides{"Shop": {"retry": "attempts=5 budget=50%"}}); err != nil {
		t.Fatal(err)
	}
	if get, list := spec.Methods[0].Retry, spec.Methods[1]; get.Budget != 50*Percent || list.Hedge.Budget != 50*Percent || get.Attempts != 5 || list.Retry != nil {
		t.Errorf("Get has %+v and List %+v; want one budget, and no retry for List", get, list)
	}
	if _, err := New(spec); err != nil {
		t.Error(err)
	}
}

func TestErrorNamesAllWrongOverrides(t *testing.T) {
	_, err := New(shopSpec(), WithOverrides(Overrides{"Shop.A": {"retry": "5"}, "Shop.Get": {"retry": "attempts=x max=y"}}))
	for _, want := range []string{"Shop.A", `attempts: "x"`, `max: "y"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s in it", err, want)
		}
	}
}

func TestOverridesLeaveTheSpecAsItWas(t *testing.T) {
	spec := shopSpec()
	newClient(t, spec, WithOverrides(Overrides{"Shop": {"breaker": "open=5s"}, "Shop.Get": {"retry": "7"}}))
	if b, r := spec.Methods[0].Breaker, spec.Methods[0].Retry; b.Open != 30*time.Second || r.Attempts != 3 {
		t.Errorf("the spec has %+v and %+v, want what it had", b, r)
	}
}
