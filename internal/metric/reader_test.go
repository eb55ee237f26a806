package metric

import (
	"testing"
	"testing/synctest"

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
