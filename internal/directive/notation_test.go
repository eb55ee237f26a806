package directive_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// words returns the settings of a directive's struct as words.
func words(policy reflect.Value) (list []directive.Word) {
	for _, k := range directive.Keys(policy.Type()) {
		if text, ok := k.Text(policy); ok {
			list = append(list, directive.Word{Key: k.Name, Value: text})
		}
	}
	return list
}

func TestTextIsTheNotationOfDirectives(t *testing.T) {
	b := resil.Breaker{Consecutive: resil.ConsecutiveAuto, Ratio: 4000 * resil.PPM, Min: 10, Window: time.Minute,
		Open: 30 * time.Second, OpenMax: 10 * time.Minute, Probes: 2, Scope: resil.Scope{Mode: resil.ModeObserve}}
	want := []directive.Word{
		{Key: "consecutive", Value: "auto"}, {Key: "ratio", Value: "0.4%"}, {Key: "min", Value: "10"}, {Key: "window", Value: "1m"},
		{Key: "open", Value: "30s..10m"}, {Key: "probes", Value: "2"}, {Key: "slow", Value: "off"}, {Key: "ramp", Value: "off"}, {Key: "scope", Value: "process"},
		{Key: "mode", Value: "observe"},
	}
	if diff := cmp.Diff(want, words(reflect.ValueOf(b))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What Text writes Refine reads.
func TestTextIsReadAgain(t *testing.T) {
	for _, b := range []resil.Breaker{
		{Ratio: resil.Percent, Min: 1, Window: time.Second, Open: time.Second, Probes: 1},
		{Consecutive: 7, Min: 1, Window: time.Second, Open: time.Second, OpenMax: time.Second, Probes: 1, Slow: 5, Ramp: 6},
		{Consecutive: resil.ConsecutiveAuto, Min: 1, Window: time.Hour, Open: 90 * time.Second, OpenMax: 36 * time.Hour, Probes: 9},
	} {
		var p resil.Policies
		if _, problems := directive.Refine(&p, "breaker", words(reflect.ValueOf(b))); len(problems) > 0 {
			t.Errorf("%+v: %v", b, problems[0])
		}
		if diff := cmp.Diff(&b, p.Breaker); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestRangesHoldForBothValuesOfASpan(t *testing.T) {
	for limit, want := range map[time.Duration]int{-1: 1, 0: 0, 1: 0, time.Hour: 0} {
		p := resil.Policies{Breaker: &resil.Breaker{Min: 1, Window: time.Second, Open: time.Second, OpenMax: limit, Probes: 1}}
		if got := directive.CheckRanges(&p); len(got) != want {
			t.Errorf("up to %v: got %v, want %d problems", limit, got, want)
		}
	}
}
