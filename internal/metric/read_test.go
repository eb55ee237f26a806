package metric

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
	r.faults(resil.Stats{Client: "Users"}, stats)
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
			r.client("Users", registry.Client("Users").Stats())
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

// value returns the number of a series, by the values of its attributes.
func value(t *testing.T, samples []*Sample, id ID, values ...string) float64 {
	t.Helper()
	i := slices.IndexFunc(samples, func(s *Sample) bool { return s.ID == id && slices.Equal(s.Values, values) })
	if i < 0 {
		t.Fatalf("%s has no series %q", List[id].Name, values)
	}
	return samples[i].Value()
}

func TestStatesOfABreaker(t *testing.T) {
	for _, mode := range []string{"enforce", "observe"} {
		var registry resil.Registry
		c, m := newClient(t, []string{"breaker consecutive=1 ratio=off mode=" + mode}, resil.WithRegistry(&registry))
		check := func(want string) {
			t.Helper()
			samples := View{}.Read(&registry)
			for state := resil.StateClosed; state <= resil.StateForcedClosed; state++ {
				n := value(t, samples, BreakerStatus, "Users", "Users", state.String(), mode)
				if (n == 1) != (state.String() == want) || n > 1 {
					t.Errorf("%s is %v, want %s", state, n, want)
				}
			}
		}
		check("closed")
		resil.Run(t.Context(), m, fail)
		check("open")
		c.Breaker("Users").ForceClose()
		check("forced-closed")
		if n := value(t, View{}.Read(&registry), BreakerTransitions, "Users", "Users", "open"); n != 1 {
			t.Errorf("it has opened %v times, want 1", n)
		}
	}
}

func TestStatesOfKeys(t *testing.T) {
	var registry resil.Registry
	var m resil.KeyedMethod[string]
	c := newSpec(t, resil.MethodSpec{Name: "Get", Method: &m}, []string{"breaker consecutive=1 ratio=off per=peer", "bulkhead 5 per=peer"}, resil.WithRegistry(&registry))
	for _, peer := range []string{"a", "b", "c", "d", "e"} {
		f := fail
		if peer == "e" {
			f = succeed
		}
		resil.Run(t.Context(), m.For(peer), f)
	}
	c.Breaker("Users").For("a").ForceOpen()
	c.Breaker("Users").For("b").ForceClose()
	resil.Run(t.Context(), m.For("e"), func(context.Context) error {
		samples := View{}.Read(&registry)
		for state, want := range map[string]float64{"closed": 1, "open": 2, "half-open": 0, "forced-open": 1, "forced-closed": 1} {
			if n := value(t, samples, BreakerStatus, "Users", "Users", state, "enforce"); n != want {
				t.Errorf("%v keys are %s, want %v", n, state, want)
			}
		}
		for id, want := range map[ID]float64{BreakerKeys: 5, BulkheadUsage: 1} {
			if n := value(t, samples, id, "Users", "Users"); n != want {
				t.Errorf("%s is %v, want %v", List[id].Name, n, want)
			}
		}
		if n := value(t, samples, BreakerTransitions, "Users", "Users", "open"); n != 4 {
			t.Errorf("keys have opened %v times, want 4", n)
		}
		return nil
	})
}

func TestWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		_, m := newClient(t, []string{"limit 1/s wait=10s", "bulkhead 10"}, resil.WithRegistry(&registry))
		for range 3 {
			go resil.Run(t.Context(), m, succeed)
		}
		synctest.Wait()
		if n := value(t, View{}.Read(&registry), LimitWaiting, "Users", "Users"); n != 2 {
			t.Errorf("%v attempts wait for the limit, want 2", n)
		}
		time.Sleep(5 * time.Second)
		if n := value(t, View{}.Read(&registry), LimitWaiting, "Users", "Users"); n != 0 {
			t.Errorf("%v attempts wait for the limit, want none", n)
		}
	})
}

func TestFaultsHaveSeriesOnlyWhereTheyAreOn(t *testing.T) {
	faults := func(opts ...resil.Option) (n int) {
		var registry resil.Registry
		newClient(t, nil, append(opts, resil.WithRegistry(&registry))...)
		for _, s := range (View{}).Read(&registry) {
			if s.ID == ChaosFaults {
				n++
			}
		}
		return n
	}
	if n := faults(); n != 0 {
		t.Errorf("%d series without faults", n)
	}
	if n := faults(resil.WithChaos(resil.Chaos{"*": {Errors: 10 * resil.Percent}})); n != 3 {
		t.Errorf("%d series with faults, want 3", n)
	}
}
