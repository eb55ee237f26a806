package metric

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A counter that falls looks like a program that has started again. One client of several
// with a name may be removed.
func TestCountersDoNotFallWhenOneOfSeveralIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		reader := NewReader(View{})
		calls := func() float64 { return value(t, reader.Read(&registry), Calls, "Users", "Get", "succeeded") }
		run := func(n int) *resil.Client {
			c, m := newClient(t, []string{"bulkhead 10"}, resil.WithRegistry(&registry))
			for range n {
				resil.Run(t.Context(), m, succeed)
			}
			return c
		}
		first, second := run(3), run(4)
		if n := calls(); n != 7 {
			t.Errorf("%v calls, want 7", n)
		}
		registry.Remove(first)
		for range 2 {
			if n := calls(); n != 7 {
				t.Errorf("%v calls after the first was removed, want 7", n)
			}
		}
		if n := value(t, reader.Read(&registry), BulkheadLimit, "Users", "Users"); n != 10 {
			t.Errorf("%v places, want those of one client", n)
		}
		third := run(2)
		registry.Remove(second)
		if n := calls(); n != 9 {
			t.Errorf("%v calls, want 9", n)
		}
		registry.Remove(third)
		if all := reader.Read(&registry); len(all) != 0 {
			t.Errorf("%d series of clients that are removed", len(all))
		}
		run(1)
		if n := calls(); n != 1 {
			t.Errorf("%v calls of a new client, want 1", n)
		}
	})
}

func TestAClientThatIsListedTwiceCountsOnce(t *testing.T) {
	var registry resil.Registry
	_, m := newClient(t, nil, resil.WithRegistry(&registry), resil.WithRegistry(&registry))
	resil.Run(t.Context(), m, succeed)
	if n := value(t, View{}.Read(&registry), Calls, "Users", "Get", "succeeded"); n != 1 {
		t.Errorf("%v calls, want 1", n)
	}
}

// histogram is that of a series.
func histogram(t *testing.T, list []*Distribution, id ID, values ...string) *Distribution {
	t.Helper()
	i := slices.IndexFunc(list, func(d *Distribution) bool { return d.ID == id && slices.Equal(d.Values, values) })
	if i < 0 {
		t.Fatalf("no %s of %q", List[id].Name, values)
	}
	return list[i]
}

func TestHistogramsDoNotFallWhenOneOfSeveralIsRemoved(t *testing.T) {
	for _, view := range []View{{}, {WithoutMethod: true}} {
		synctest.Test(t, func(t *testing.T) {
			var registry resil.Registry
			reader := NewReader(view)
			run := func(n int) *resil.Client {
				c, m := newClient(t, []string{"retry 2 initial=1ms jitter=none budget=off"}, resil.WithRegistry(&registry), resil.WithDurations())
				for range n {
					resil.Run(t.Context(), m, waits(time.Second, nil))
					resil.Run(t.Context(), m, fail)
				}
				return c
			}
			is := func(when string, n uint64) {
				t.Helper()
				list := reader.Distributions(&registry)
				for _, of := range []struct {
					id    ID
					word  string
					bound float64
				}{{CallDuration, "succeeded", 1}, {AttemptDuration, "success", 1}, {CallRetries, "exhausted", 1}} {
					d := histogram(t, list, of.id, view.Values(of.id, "Users", "Get", of.word)...)
					if d.Count != n || d.Sum != float64(n) || d.Below[of.bound] != n {
						t.Errorf("%s: %s has %+v, want %d", when, List[of.id].Name, d, n)
					}
				}
			}
			first, second := run(3), run(4)
			is("both", 7)
			registry.Remove(first)
			is("without the first", 7)
			is("again", 7)
			third := run(2)
			registry.Remove(second)
			is("with the third alone", 9)
			registry.Remove(third)
			if all := reader.Distributions(&registry); len(all) != 0 {
				t.Errorf("%d histograms of clients that are removed", len(all))
			}
			run(1)
			is("a new client", 1)
		})
	}
}

func TestAHistogramOfAClientThatIsListedTwiceCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		_, m := newClient(t, nil, resil.WithRegistry(&registry), resil.WithRegistry(&registry), resil.WithDurations())
		resil.Run(t.Context(), m, succeed)
		if d := histogram(t, NewReader(View{}).Distributions(&registry), CallDuration, "Users", "Get", "succeeded"); d.Count != 1 {
			t.Errorf("%d calls, want 1", d.Count)
		}
	})
}
