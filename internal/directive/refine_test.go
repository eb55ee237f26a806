package directive_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// refineAll applies directives to p, one a line, and returns the messages.
func refineAll(t *testing.T, language any, directives ...string) (messages []string) {
	t.Helper()
	for _, d := range directives {
		name, args, _ := strings.Cut(d, " ")
		words, problems := directive.Words(args)
		_, more := directive.Refine(language, name, words)
		for _, p := range append(problems, more...) {
			messages = append(messages, p.Code+" "+args[p.Start:p.End]+": "+p.Message)
		}
	}
	return messages
}

func TestRefine(t *testing.T) {
	retry := resil.Retry{Attempts: 3, Backoff: resil.BackoffExponential, Initial: 100 * time.Millisecond, Max: 30 * time.Second,
		Factor: 2, Jitter: resil.JitterFull, On: []resil.Class{resil.Infrastructure, resil.Throttled}, Budget: 20 * resil.Percent}
	breaker := resil.Breaker{Consecutive: resil.ConsecutiveAuto, Ratio: 50 * resil.Percent, Min: 10, Window: time.Minute, Open: 30 * time.Second, Probes: 2}
	for _, tt := range []struct {
		name       string
		directives []string
		want       annotations.Policy
	}{
		{"a directive alone has its defaults",
			[]string{"retry", "breaker", "classify", "idempotent", "skip"},
			annotations.Policy{Policies: resil.Policies{Retry: &retry, Breaker: &breaker}, Classify: &annotations.Classify{By: []string{"network"}}, Idempotent: &annotations.Idempotent{}, Skip: true}},
		{"each word sets its field",
			[]string{"retry 5 backoff=linear initial=1s max=2s factor=1.5 jitter=10% on=system,application budget=0.5%"},
			annotations.Policy{Policies: resil.Policies{Retry: &resil.Retry{Attempts: 5, Backoff: resil.BackoffLinear, Initial: time.Second, Max: 2 * time.Second, Factor: 1.5,
				Jitter: resil.Jitter(10 * resil.Percent), On: []resil.Class{resil.SystemFault, resil.Application}, Budget: resil.Ratio(5000)}}}},
		{"the positional value has a key too",
			[]string{"timeout total=2s attempt=500ms", "limit rate=10/60s"},
			annotations.Policy{Policies: resil.Policies{Timeout: &resil.Timeout{Total: 2 * time.Second, Attempt: 500 * time.Millisecond}, Limit: &resil.Limit{Rate: resil.Rate{Count: 10, Per: time.Minute}}}}},
		{"later words refine earlier ones",
			[]string{"timeout 2s", "timeout attempt=1s", "timeout 3s"},
			annotations.Policy{Policies: resil.Policies{Timeout: &resil.Timeout{Total: 3 * time.Second, Attempt: time.Second}}}},
		{"off as a field's value turns it off",
			[]string{"breaker consecutive=off ratio=off slow=off"},
			annotations.Policy{Policies: resil.Policies{Breaker: &resil.Breaker{Min: 10, Window: time.Minute, Open: 30 * time.Second, Probes: 2}}}},
		{"a value may be two",
			[]string{"breaker consecutive=off ratio=off open=1m..1h"},
			annotations.Policy{Policies: resil.Policies{Breaker: &resil.Breaker{Min: 10, Window: time.Minute, Open: time.Minute, OpenMax: time.Hour, Probes: 2}}}},
		{"one alone takes the second away",
			[]string{"breaker consecutive=off ratio=off open=1m..1h", "breaker open=2m"},
			annotations.Policy{Policies: resil.Policies{Breaker: &resil.Breaker{Min: 10, Window: time.Minute, Open: 2 * time.Minute, Probes: 2}}}},
		{"off takes a directive away",
			[]string{"retry", "retry off", "skip", "skip off", "breaker off"},
			annotations.Policy{}},
		{"a later word brings it back with its defaults",
			[]string{"retry 7 initial=9s", "retry off", "retry"},
			annotations.Policy{Policies: resil.Policies{Retry: &retry}}},
		{"lists may have spaces when quoted",
			[]string{`classify "all, pkg.F"`},
			annotations.Policy{Classify: &annotations.Classify{By: []string{"all", "pkg.F"}}}},
		{"a function is called as a key is", []string{"classify app"},
			annotations.Policy{Classify: &annotations.Classify{By: []string{"app"}}}},
	} {
		var got annotations.Policy
		if messages := refineAll(t, &got, tt.directives...); messages != nil {
			t.Errorf("%s: %q", tt.name, messages)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestRefineSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ directive, want string }{
		{"retyr", `RG002 : unknown directive "retyr"; did you mean "retry"?`},
		{"x", `RG002 : unknown directive "x"; write breaker, bulkhead, classify, fallback, hedge, idempotent, limit, retry, skip or timeout`},
		{"", `RG002 : unknown directive ""; write breaker, bulkhead, classify, fallback, hedge, idempotent, limit, retry, skip or timeout`},
		{"retry initail=1s", `RG003 initail=1s: unknown key "initail"; did you mean "initial"?`},
		{"limit quota=1", `RG003 quota=1: unknown key "quota"; write burst, hints, keys, mode, per, queue, rate, scope or wait`},
		{"breaker 5", `RG003 5: breaker takes keys only: write consecutive=, ratio=, min=, window=, open=, probes=, slow=, ramp=, scope=, per=, keys= or mode= before the value`},
		{"idempotent yes", `RG003 yes: idempotent takes keys only: write token= before the value`},
		{"skip yes", `RG003 yes: skip takes no words except off`},
		{"retry max=1s max=2s", `RG004 max=2s: max is given twice; keep one`},
		{"retry 3 attempts=4", `RG004 attempts=4: attempts is given twice; keep one`},
		{"retry max=1s 3", `RG001 3: only the first word may stand without a key: write key=3, or put it first`},
		{"limit 50 per second", `RG001 50 per second: write limit 50/s`},
		{"limit 50 / s burst=3", `RG001 50 / s: write limit 50/s`},
		{"limit 50 /s", `RG001 50 /s: write limit 50/s`},
		{"limit 5 each hour", `RG001 5 each hour: write limit 5/h`},
		{"limit 100 requests per minute", `RG001 100 requests per minute: write limit 100/m`},
		{"limit 100 rps", `RG001 100 rps: write limit 100/s`},
		{"limit 50/s per second", `RG001 50/s per second: write limit 50/s`},
		{"limit 50 a fortnight", `RG005 50: rate: "50": write a rate such as 100/s, 10/60s or 1000/m`},
		{"limit 50/s burst 20 wait 1s", `RG001 burst 20 wait 1s: write key=value with an equals sign: burst=20 wait=1s`},
		{"limit 50/s burst", `RG001 burst: burst has no value: write burst= and the value directly after it`},
		{"limit 50/s burst wait 1s", `RG001 burst: burst has no value: write burst= and the value directly after it`},
		{"limit 50/s and no more", `RG001 and: only the first word may stand without a key: write key=and, or put it first`},
		{"retry 3 times", `RG001 3 times: write retry 3`},
		{"retry max 3", `RG001 max 3: write key=value with an equals sign: max=3`},
		{"retry three times", `RG005 three: attempts: "three": write a whole number`},
		{"timeout 2 seconds attempt=1s", `RG001 2 seconds: write timeout 2s`},
		{"timeout 500 ms", `RG001 500 ms: write timeout 500ms`},
		{"hedge after 50ms", `RG001 after 50ms: write hedge 50ms`},
		{"bulkhead 10 concurrent calls", `RG001 10 concurrent calls: write bulkhead 10`},
		{"classify network all", `RG001 network all: write classify network,all`},
		{"fallback cached value", `RG001 value: only the first word may stand without a key: write key=value, or put it first`},
		{"breaker 5 failures", `RG003 5: breaker takes keys only: write consecutive=, ratio=, min=, window=, open=, probes=, slow=, ramp=, scope=, per=, keys= or mode= before the value`},
		{"breaker open 1s", `RG001 open 1s: write key=value with an equals sign: open=1s`},
		{"idempotent if you please", `RG003 if: idempotent takes keys only: write token= before the value`},
		{"retry off max=1s", `RG001 max=1s: off removes the whole directive; remove the other words`},
		{"retry three", `RG005 three: attempts: "three": write a whole number`},
		{"retry 99999999999999999999", `RG005 99999999999999999999: attempts: "99999999999999999999": write a whole number`},
		{"retry 0", `RG006 0: attempts: "0": write 1 or more`},
		{"retry 1000001", `RG006 1000001: attempts: "1000001": write 1000000 or less`},
		{"retry backoff=quadratic", `RG005 quadratic: backoff: "quadratic": write constant, linear, exponential or fibonacci`},
		{"retry jitter=some", `RG005 some: jitter: "some": write none, full, equal or decorrelated, or a percentage such as 20%`},
		{"breaker ratio=0.00001%", `RG005 0.00001%: ratio: "0.00001%": write a percentage of four decimals at most, or off`},
		{"retry max:2s", `RG001 max:2s: write max=2s, with an equals sign`},
		{"retry 3 jitter", `RG001 jitter: jitter has no value: write jitter= and the value directly after it`},
		{"limit 10/s burst:", `RG001 burst:: burst has no value: write burst= and the value directly after it`},
		{"breaker consecutive:5", `RG001 consecutive:5: write consecutive=5, with an equals sign`},
		{"retry jitter=101%", `RG005 101%: jitter: "101%": a jitter lies between 0% and 100%`},
		{"breaker consecutive=0", `RG005 0: consecutive: "0": write auto, or a number of 1 or more, or off`},
		{"breaker open=1s..", `RG005 1s..: open: "1s..": write a duration with its unit, such as 250ms, 2s or 1m30s, or two with .. between them`},
		{"breaker open=..1s", `RG005 ..1s: open: "..1s": write a duration with its unit, such as 250ms, 2s or 1m30s, or two with .. between them`},
		{"breaker open=1s..2s..3s", `RG005 1s..2s..3s: open: "1s..2s..3s": write a duration with its unit, such as 250ms, 2s or 1m30s, or two with .. between them`},
		{"breaker open=soon", `RG005 soon: open: "soon": write a duration with its unit, such as 250ms, 2s or 1m30s, or two with .. between them`},
		{"breaker open=1s..0s", `RG006 1s..0s: open: "1s..0s": write more than 0s`},
		{"breaker open=0s..1s", `RG006 0s..1s: open: "0s..1s": write more than 0s`},
		{"retry factor=Inf", `RG005 Inf: factor: "Inf": write a number such as 1.5`},
		{"retry factor=NaN", `RG005 NaN: factor: "NaN": write a number such as 1.5`},
		{"retry factor=0.5", `RG006 0.5: factor: "0.5": write 1 or more`},
		{"retry on=canceled", `RG005 canceled: on: "canceled": "canceled": write application, infrastructure, system, throttled, unknown or unsent`},
		{"retry on=system,,throttled", `RG005 system,,throttled: on: "system,,throttled": write a list with commas, without empty entries`},
		{"retry budget=0%", `RG006 0%: budget: "0%": write more than 0%, or off`},
		{"retry budget=20", `RG005 20: budget: "20": write a percentage such as 20%, or off`},
		{"timeout 0s", `RG006 0s: total: "0s": write more than 0s`},
		{"timeout 1", `RG005 1: total: "1": write a duration with its unit, such as 250ms, 2s or 1m30s`},
		{"timeout -1s", `RG006 -1s: total: "-1s": write more than 0s`},
		{"breaker ratio=150%", `RG006 150%: ratio: "150%": write 100% or less, or off`},
		{"breaker window=9ms", `RG006 9ms: window: "9ms": write 10ms or more`},
		{"breaker probes=0", `RG006 0: probes: "0": write 1 or more`},
		{"breaker min=0", `RG006 0: min: "0": write 1 or more`},
		{"limit 5", `RG005 5: rate: "5": write a rate such as 100/s, 10/60s or 1000/m`},
		{"limit 5/s burst=0", `RG006 0: burst: "0": write 1 or more`},
		{"limit 5/s wait=-1s", `RG006 -1s: wait: "-1s": write 0s or more`},
	} {
		got := refineAll(t, new(annotations.Policy), tt.directive)
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.directive, got, tt.want)
		}
	}
}

func TestRefineLeavesAFieldAloneWhoseValueIsWrong(t *testing.T) {
	var p annotations.Policy
	if messages := refineAll(t, &p, "retry 5 max=9s", "retry 0 max=x initial=1s"); len(messages) != 2 {
		t.Errorf("got %q, want two problems", messages)
	}
	if p.Retry.Attempts != 5 || p.Retry.Max != 9*time.Second || p.Retry.Initial != time.Second {
		t.Errorf("got %+v", *p.Retry)
	}
	for _, open := range []string{"open=2s..0s", "open=0s..2s", "open=2s..x", "open=x..2s"} {
		p = annotations.Policy{}
		if messages := refineAll(t, &p, "breaker open=3s..4s", "breaker "+open); len(messages) != 1 {
			t.Errorf("%s: got %q, want a problem", open, messages)
		}
		if p.Breaker.Open != 3*time.Second || p.Breaker.OpenMax != 4*time.Second {
			t.Errorf("%s: got %+v", open, *p.Breaker)
		}
	}
}

func TestRefineReturnsTheWordOfEachField(t *testing.T) {
	words, _ := directive.Words("5 max=2s nope=1 initial=x")
	set, _ := directive.Refine(new(annotations.Policy), "retry", words)
	want := map[string]directive.Word{"retry": {}, "retry.attempts": words[0], "retry.max": words[1]}
	if diff := cmp.Diff(want, set); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	words, _ = directive.Words("off")
	set, _ = directive.Refine(new(annotations.Policy), "retry", words)
	if diff := cmp.Diff(map[string]directive.Word{"retry": words[0]}, set); diff != "" {
		t.Errorf("off (-want +got):\n%s", diff)
	}
}

func TestRefineTakesTheLanguagesOwnKeysEverywhere(t *testing.T) {
	var lang struct {
		annotations.Policy
		Only []string `key:"only"`
	}
	if messages := refineAll(t, &lang, "retry 5 only=a,b max=1s", "skip only=c", "limit off only=d"); messages != nil {
		t.Error(messages)
	}
	if lang.Retry.Attempts != 5 || lang.Retry.Max != time.Second || !lang.Skip || !slices.Equal(lang.Only, []string{"d"}) {
		t.Errorf("got %+v", lang)
	}
	got := refineAll(t, &lang, "retry onyl=a", "skip now", "retry only=a only=b")
	want := []string{
		`RG003 onyl=a: unknown key "onyl"; did you mean "only"?`,
		`RG003 now: skip takes no words except off or only=`,
		`RG004 only=b: only is given twice; keep one`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRefineGivesEachPolicyItsOwnLists(t *testing.T) {
	var a, b annotations.Policy
	refineAll(t, &a, "retry")
	refineAll(t, &b, "retry")
	a.Retry.On[0] = resil.SystemFault
	if b.Retry.On[0] != resil.Infrastructure {
		t.Error("two policies share a list")
	}
}

func FuzzRefine(f *testing.F) {
	f.Add("retry", "5 max=2s on=system jitter=20%")
	f.Add("breaker", "ratio=0.4% slow=off consecutive=off")
	f.Add("limit", "10/60s burst=3 wait=1s")
	f.Add("skip", "off")
	f.Fuzz(func(t *testing.T, name, args string) {
		words, _ := directive.Words(args)
		var p annotations.Policy
		set, problems := directive.Refine(&p, name, words)
		for _, problem := range problems {
			if problem.Start < 0 || problem.Start > problem.End || problem.End > len(args) {
				t.Errorf("%q: problem %+v is outside", args, problem)
			}
		}
		if len(problems) == 0 {
			if !slices.Contains(slices.Collect(maps.Keys(set)), name) {
				t.Errorf("%s %s: set %v", name, args, set)
			}
			p.Complete()
			p.Check()
		}
	})
}

// A directive can take more than one value without a key.
func TestRefineTwoPositionalValues(t *testing.T) {
	type pair struct {
		First  string `key:"first,positional"`
		Second string `key:"second,positional"`
	}
	type language struct {
		Pair    *pair  `directive:"pair"`
		Methods string `key:"methods"`
	}
	for _, tt := range []struct {
		directive string
		want      pair
		wrong     []string
	}{
		{`pair a "b c" methods=M`, pair{"a", "b c"}, nil},
		{"pair a second=b", pair{"a", "b"}, nil},
		{"pair a", pair{"a", ""}, nil},
		{"pair a b c", pair{"a", "b"}, []string{"RG001 c: pair takes 2 words without a key: put a value with spaces in quotes"}},
		{"pair methods=M a", pair{}, []string{"RG001 a: only the first word may stand without a key: write key=a, or put it first"}},
		{"pair a b second=c", pair{"a", "b"}, []string{"RG004 second=c: second is given twice; keep one"}},
	} {
		var got language
		if diff := cmp.Diff(tt.wrong, refineAll(t, &got, tt.directive)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.directive, diff)
		}
		if got.Pair == nil || *got.Pair != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.directive, got.Pair, tt.want)
		}
	}
}
