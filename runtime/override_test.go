package resil

import (
	"strings"
	"testing"
	"time"
)

// shop has a breaker for all, one for Pay alone, and a limit for those that list.
func shop() Spec {
	return Spec{
		Name:      "Shop",
		Breakers:  map[string]Breaker{"Shop": testBreaker, "Shop.Pay": testBreaker},
		Limits:    map[string]Limit{"Shop[List*]": {Rate: Rate{Count: 10, Per: time.Second}}},
		Bulkheads: map[string]Bulkhead{"Shop": {Calls: 10}},
		Methods: []MethodSpec{
			{Name: "Get", Timeout: Timeout{Total: time.Hour}, Retry: testRetry, Breaker: "Shop", Bulkhead: "Shop"},
			{Name: "List", Retry: testRetry, Breaker: "Shop", Limit: "Shop[List*]", Hedge: Hedge{Delay: time.Second, Max: 1}},
			{Name: "Pay", Breaker: "Shop.Pay"},
		},
	}
}

func TestOverrides(t *testing.T) {
	spec, err := shop().override(Overrides{
		"Shop":        {"breaker": "open=5s", "bulkhead": "20", "retry": "attempts=5 max=2s"},
		"Shop.Pay":    {"breaker": "mode=observe"},
		"Shop[List*]": {"limit": "rate=100/s wait=1s"},
		"Shop.Get":    {"timeout": "2h attempt=1s"},
		"Shop.List":   {"retry": "4 jitter=none", "hedge": "50ms max=2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, ok := range map[string]bool{
		"the shared breaker":      spec.Breakers["Shop"].Open == 5*time.Second && spec.Breakers["Shop"].Consecutive == 5,
		"Pay's breaker":           spec.Breakers["Shop.Pay"].Mode == Observe && spec.Breakers["Shop.Pay"].Open == 30*time.Second,
		"the limit":               spec.Limits["Shop[List*]"] == Limit{Rate: Rate{Count: 100, Per: time.Second}, Wait: time.Second},
		"the bulkhead":            spec.Bulkheads["Shop"].Calls == 20,
		"Get's timeout":           spec.Methods[0].Timeout == Timeout{Total: 2 * time.Hour, Attempt: time.Second},
		"everybody's retry":       spec.Methods[0].Retry.Attempts == 5 && spec.Methods[0].Retry.Max == 2*time.Second,
		"List's retry after it":   spec.Methods[1].Retry.Attempts == 4 && spec.Methods[1].Retry.Max == 2*time.Second && spec.Methods[1].Retry.Jitter == NoJitter,
		"List's hedge":            spec.Methods[1].Hedge == Hedge{Delay: 50 * time.Millisecond, Max: 2},
		"no retry where none was": spec.Methods[2].Retry.Attempts == 0,
		"the spec it came from":   shop().Breakers["Shop"].Open == 30*time.Second,
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
			_, err := New(shop(), WithOverrides(Overrides{tt.target: {tt.directive: tt.text}}))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestOverrideOfAnUnknownNameIsAnErrorThoughItIsEmpty(t *testing.T) {
	_, err := New(shop(), WithOverrides(Overrides{"Shop.Gte": {}}))
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
	s := shop()
	s.Methods[1].Retry = Retry{Budget: 20 * Percent}
	spec, err := s.override(Overrides{"Shop": {"retry": "attempts=5 budget=50%"}})
	if err != nil {
		t.Fatal(err)
	}
	if get, list := spec.Methods[0].Retry, spec.Methods[1].Retry; get.Budget != 50*Percent || list.Budget != 50*Percent || get.Attempts != 5 || list.Attempts != 0 {
		t.Errorf("Get has %+v and List %+v; want one budget, and no retry for List", get, list)
	}
	if _, err := New(spec); err != nil {
		t.Error(err)
	}
}

func TestAllWrongOverridesAreToldAtOnce(t *testing.T) {
	_, err := New(shop(), WithOverrides(Overrides{"Shop.A": {"retry": "5"}, "Shop.Get": {"retry": "attempts=x max=y"}}))
	for _, want := range []string{"Shop.A", `attempts: "x"`, `max: "y"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s in it", err, want)
		}
	}
}
