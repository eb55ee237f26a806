package resil

import (
	"testing"
	"time"
)

// What directives refuse, New refuses in a spec that is written by hand.
func TestNewChecksWhatDirectivesCheck(t *testing.T) {
	ok := func() MethodSpec {
		return MethodSpec{Name: "Get", Policies: Policies{
			Timeout:  &Timeout{Total: time.Minute, Attempt: time.Second},
			Retry:    copyOf(&testRetry),
			Breaker:  copyOf(&testBreaker),
			Limit:    &Limit{Name: "Store", Rate: Rate{Count: 1, Per: time.Second}, Burst: 1},
			Bulkhead: &Bulkhead{Name: "Store", Calls: 1},
			Hedge:    &Hedge{Delay: time.Millisecond, Max: 1},
		}}
	}
	if _, err := New(Spec{Name: "Store", Methods: []MethodSpec{ok()}}); err != nil {
		t.Fatal(err)
	}
	for name, break_ := range map[string]func(*MethodSpec){
		"timeout below 0":         func(m *MethodSpec) { m.Timeout.Total = -1 },
		"attempt timeout":         func(m *MethodSpec) { m.Timeout.Attempt = -1 },
		"attempts below 0":        func(m *MethodSpec) { m.Retry.Attempts = -1 },
		"no attempts":             func(m *MethodSpec) { m.Retry.Attempts = 0 },
		"jitter of 101 %":         func(m *MethodSpec) { m.Retry.Jitter = Jitter(101 * Percent) },
		"jitter that is none":     func(m *MethodSpec) { m.Retry.Jitter = -9 },
		"backoff that is none":    func(m *MethodSpec) { m.Retry.Backoff = 99 },
		"initial below 0":         func(m *MethodSpec) { m.Retry.Initial = -1 },
		"max below 0":             func(m *MethodSpec) { m.Retry.Max = -1 },
		"factor below 1":          func(m *MethodSpec) { m.Retry.Factor = 0.5 },
		"retry on success":        func(m *MethodSpec) { m.Retry.On = []Class{Success} },
		"retry on canceled":       func(m *MethodSpec) { m.Retry.On = []Class{Canceled} },
		"retry on undecided":      func(m *MethodSpec) { m.Retry.On = []Class{Undecided} },
		"retry on no class":       func(m *MethodSpec) { m.Retry.On = []Class{77} },
		"budget above 100 %":      func(m *MethodSpec) { m.Retry.Budget = 101 * Percent },
		"budget below 0":          func(m *MethodSpec) { m.Retry.Budget = -1 },
		"consecutive below 0":     func(m *MethodSpec) { m.Breaker.Consecutive = -2 },
		"ratio above 100 %":       func(m *MethodSpec) { m.Breaker.Ratio = 101 * Percent },
		"min below 0":             func(m *MethodSpec) { m.Breaker.Min = -1 },
		"window below 0":          func(m *MethodSpec) { m.Breaker.Window = -1 },
		"open below 0":            func(m *MethodSpec) { m.Breaker.Open = -1 },
		"probes below 0":          func(m *MethodSpec) { m.Breaker.Probes = -1 },
		"slow below 0":            func(m *MethodSpec) { m.Breaker.Slow = -1 },
		"keys below 0":            func(m *MethodSpec) { m.Breaker.Per, m.Breaker.Keys = "x", -1 },
		"mode that is none":       func(m *MethodSpec) { m.Breaker.Mode = 7 },
		"rate of 0":               func(m *MethodSpec) { m.Limit.Rate.Count = 0 },
		"rate below 0":            func(m *MethodSpec) { m.Limit.Rate.Count = -1 },
		"rate in no time":         func(m *MethodSpec) { m.Limit.Rate.Per = 0 },
		"burst below 0":           func(m *MethodSpec) { m.Limit.Burst = -1 },
		"limit's wait below 0":    func(m *MethodSpec) { m.Limit.Wait = -1 },
		"bulkhead of 0":           func(m *MethodSpec) { m.Bulkhead.Calls = 0 },
		"bulkhead below 0":        func(m *MethodSpec) { m.Bulkhead.Calls = -1 },
		"bulkhead's wait":         func(m *MethodSpec) { m.Bulkhead.Wait = -1 },
		"hedge without a delay":   func(m *MethodSpec) { m.Hedge.Delay = 0 },
		"hedge's delay below 0":   func(m *MethodSpec) { m.Hedge.Delay = -1 },
		"no hedges":               func(m *MethodSpec) { m.Hedge.Max = 0 },
		"hedges below 0":          func(m *MethodSpec) { m.Hedge.Max = -1 },
		"a method without a name": func(m *MethodSpec) { m.Name = "" },
	} {
		m := ok()
		break_(&m)
		if _, err := New(Spec{Name: "Store", Methods: []MethodSpec{m}}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := New(Spec{Methods: []MethodSpec{ok()}}); err == nil {
		t.Error("a client without a name is accepted")
	}
}
