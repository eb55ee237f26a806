package resil

import (
	"reflect"
	"strings"
	"testing"
)

func TestEveryOutcomeHasItsCounter(t *testing.T) {
	for outcome := range OutcomePanicked + 1 {
		var s MethodStats
		name := strings.ReplaceAll(outcome.String(), " ", "")
		field := reflect.ValueOf(&s).Elem().FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
		field.SetUint(7)
		for other, n := range s.Outcomes() {
			if (n == 7) != (Outcome(other) == outcome) {
				t.Errorf("with 7 in %s there are %d calls that ended as %s", outcome, n, Outcome(other))
			}
		}
	}
}
