package explain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/generator/internal/model"
)

func TestDifferencesInWords(t *testing.T) {
	method := func(directives []string) Method {
		m := &model.Method{}
		m.Name = "Get"
		m.Policy = policyOf(t, directives...)
		if c := m.Policy.Classify; c != nil {
			m.ClassifiedBy = c.By
		}
		if !m.Policy.Skip {
			m.Form = model.ErrorAlone
		}
		return explainMethod(m, "Store")
	}
	for _, tt := range []struct {
		name     string
		old, new []string
		want     string // empty where nothing differs
	}{
		{"the same in other words", []string{"retry"}, []string{"retry attempts=3 jitter=full"}, ""},
		{"a key and what follows from it", []string{"timeout attempt=2s", "retry 3 jitter=none"}, []string{"timeout attempt=2s", "retry 5 jitter=none"},
			"Get: retry attempts 3 → 5, worst case 6.3s → 11.5s"},
		{"a limit on hints alone", []string{"timeout attempt=1s", "retry 2"}, []string{"timeout attempt=1s", "retry 2 max=3s"},
			"Get: retry max 30s → 3s, worst case with Retry-After 32s → 5s"},
		{"a value that was not set", []string{"timeout 2s"}, []string{"timeout 2s attempt=1s"},
			"Get: timeout attempt none → 1s, worst case 2s → 1s"},
		{"a guard that comes and one that goes", []string{"bulkhead 4"}, []string{"limit 10/s"},
			"Get: limit 10/s added, bulkhead 4 removed"},
		{"calls where no attempts say so", []string{"timeout 2s"}, []string{"timeout 2s", "hedge 50ms max=2"},
			"Get: hedge 50ms max=2 added, calls at most 1 → 3"},
		{"another classifier", []string{"breaker", "classify all"}, []string{"breaker", "classify byStatus"},
			"Get: classifier all → byStatus"},
		{"no guard any more", []string{"breaker"}, []string{"skip"}, "Get: skip added, breaker removed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old, new := Interface{Methods: []Method{method(tt.old)}}, Interface{Methods: []Method{method(tt.new)}}
			var got []string
			for _, c := range Compare([]Interface{old}, []Interface{new}) {
				for _, m := range c.Methods {
					got = append(got, m.String())
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("%q to %q (-want +got):\n%s", tt.old, tt.new, diff)
			}
		})
	}
}

func TestCompareTellsOfAnotherWrapper(t *testing.T) {
	old := []Interface{{Package: "p", Name: "Store", Wrapper: "ResilientStore"}}
	new := []Interface{{Package: "p", Name: "Store", Wrapper: "Guarded"}}
	want := []Change{{Package: "p", Interface: "Store", Kind: Changed, Differences: []Difference{{"wrapper", "ResilientStore", "Guarded"}}}}
	if diff := cmp.Diff(want, Compare(old, new)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
