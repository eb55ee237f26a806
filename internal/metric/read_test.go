package metric

import (
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	resil "github.com/resilgen/resilgen/runtime"
)

// Each counter of a method has a series, and the right one: its label is the counter's name.
func TestEveryCounterOfAMethodIsExported(t *testing.T) {
	var stats resil.MethodStats
	v := reflect.ValueOf(&stats).Elem()
	names := map[float64]string{}
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.Name != "Name" && field.Name != "Calls" && field.Name != "Attempts" {
			v.Field(i).SetUint(uint64(1000 + i))
			names[float64(1000+i)] = field.Name
		}
	}
	r := newReading(View{})
	r.method("Users", stats)
	for _, sample := range r.samples {
		name, ok := names[sample.Value()]
		if !ok {
			t.Errorf("%s %q: no field", List[sample.ID].Name, sample.Values)
		}
		delete(names, sample.Value())
		if sample.ID == Calls || sample.ID == Attempts {
			label := strings.ReplaceAll(sample.Values[2], " ", "")
			if field := strings.TrimSuffix(name, "Attempts"); !strings.EqualFold(label, field) {
				t.Errorf("%s is exported as %s", name, label)
			}
		}
	}
	for _, name := range names {
		t.Errorf("%s is not exported", name)
	}
}

func TestRetryBudgetUtilization(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		_, m := newClient(t, []string{"retry 2 jitter=none"}, resil.WithRegistry(&registry))
		utilization := func() float64 {
			r := newReading(View{})
			r.client(registry.Client("Users").Stats())
			return r.index[List[BudgetUtilization].Name+"\x00Users"].Value()
		}
		if got := utilization(); got != 0 {
			t.Errorf("new: %v, want 0", got)
		}
		for range 5 {
			resil.Run(t.Context(), m, fail)
		}
		if got := utilization(); got != 0.5 {
			t.Errorf("half of the reserve is spent: %v, want 0.5", got)
		}
		for range 10 {
			resil.Run(t.Context(), m, fail)
		}
		if got := utilization(); got != 1 {
			t.Errorf("all is spent: %v, want 1", got)
		}
		for range 50 {
			resil.Run(t.Context(), m, succeed)
		}
		if got := utilization(); got != 0.5 {
			t.Errorf("50 answers bring 10: %v, want 0.5", got)
		}
	})
}
