package resil

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name       string
		directives []string
		want       []string
	}{
		{"defaults alone", []string{"retry", "breaker", "classify"}, nil},
		{"a usual policy", []string{"timeout 2s attempt=500ms", "retry", "breaker slow=400ms", "limit 100/s wait=1s"}, nil},
		{"timeout without a limit", []string{"timeout"},
			[]string{"RG007 timeout: timeout needs a limit: write //resil:timeout 2s, or attempt=500ms"}},
		{"limit without a rate", []string{"limit burst=3"},
			[]string{"RG007 limit: limit needs a rate: write //resil:limit 100/s"}},
		{"attempt above total", []string{"timeout 1s attempt=2s"},
			[]string{"RG008 timeout.attempt: attempt=2s is longer than the whole call's 1s; shorten it or raise the total"}},
		{"attempt equal to total", []string{"timeout 1s attempt=1s"}, nil},
		{"initial above max", []string{"retry max=50ms"},
			[]string{"RG008 retry.initial: initial=100ms is above max=50ms; lower it or raise max"}},
		{"attempts that cannot start", []string{"timeout 300ms", "retry 4 jitter=none"},
			[]string{"RG008 retry.attempts: only 2 of 4 attempts can start within the timeout of 300ms; lower attempts or initial, or raise the timeout"}},
		{"attempts that full jitter may let start", []string{"timeout 300ms", "retry 4"}, nil},
		{"the least of equal jitter counts", []string{"timeout 300ms", "retry 3 jitter=equal"}, nil},
		{"no total, no bound", []string{"timeout attempt=1ms", "retry 1000000 jitter=none"}, nil},
		{"a breaker that never opens", []string{"breaker consecutive=off ratio=off"},
			[]string{"RG008 breaker.consecutive: with consecutive=off and ratio=off the breaker never opens; turn one on, or write //resil:breaker off"}},
		{"a window of less than two attempts", []string{"timeout attempt=6s", "breaker window=11s"},
			[]string{"RG008 breaker.window: window=11s is shorter than two attempts of 6s, so that it forgets failures before it can count them; lengthen it"}},
		{"a window of two attempts", []string{"timeout attempt=6s", "breaker window=12s"}, nil},
		{"an attempt so long that twice overflows", []string{"timeout attempt=2000000h", "breaker"},
			[]string{"RG008 breaker.window: window=1m is shorter than two attempts of 2000000h, so that it forgets failures before it can count them; lengthen it"}},
		{"slow at the attempt's limit", []string{"timeout 5s attempt=1s", "breaker slow=1s"},
			[]string{"RG008 breaker.slow: slow=1s never comes true under a timeout of 1s; lower it"}},
		{"slow at the total", []string{"timeout 1s", "breaker slow=1s"},
			[]string{"RG008 breaker.slow: slow=1s never comes true under a timeout of 1s; lower it"}},
		{"a wait as long as the call", []string{"timeout 1s", "limit 1/s wait=1s"},
			[]string{"RG008 limit.wait: wait=1s does not end within the timeout of 1s; shorten it"}},
	} {
		var p Policy
		if messages := refineAll(t, &p, tt.directives...); messages != nil {
			t.Errorf("%s: %q", tt.name, messages)
		}
		p.Complete()
		var got []string
		for _, problem := range p.Check() {
			got = append(got, problem.Code+" "+problem.Field+": "+problem.Message)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestCompleteGivesALimitTheBurstOfItsRate(t *testing.T) {
	for directive, want := range map[string]int{"limit 100/s": 100, "limit 100/s burst=7": 7, "limit 10/60s": 10} {
		var p Policy
		refineAll(t, &p, directive)
		p.Complete()
		if p.Limit.Burst != want {
			t.Errorf("%s: burst %d, want %d", directive, p.Limit.Burst, want)
		}
	}
}

func TestOverruled(t *testing.T) {
	for _, tt := range []struct {
		directive string
		want      []string
	}{
		{"retry", nil},
		{"retry backoff=constant", []string{"retry.factor by retry.backoff"}},
		{"retry jitter=decorrelated", []string{"retry.backoff by retry.jitter", "retry.factor by retry.jitter"}},
		{"retry 1", []string{"retry.backoff by retry.attempts", "retry.initial by retry.attempts", "retry.max by retry.attempts",
			"retry.factor by retry.attempts", "retry.jitter by retry.attempts", "retry.on by retry.attempts"}},
		{"breaker", nil},
		{"breaker ratio=off", []string{"breaker.min by breaker.ratio"}},
	} {
		var p Policy
		refineAll(t, &p, tt.directive)
		var got []string
		for by, problem := range p.Overruled {
			got = append(got, problem.Field+" by "+by)
			if problem.Code != codeEffect || problem.Message == "" {
				t.Errorf("%s: %+v says too little", tt.directive, problem)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.directive, diff)
		}
	}
}
