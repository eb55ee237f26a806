package resil

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/internal/directive"
)

// refineAll applies directives to p, one a line, and returns the messages.
func refineAll(t *testing.T, p *Policies, directives ...string) (messages []string) {
	t.Helper()
	for _, d := range directives {
		name, args, _ := strings.Cut(d, " ")
		words, problems := directive.Words(args)
		_, more := directive.Refine(p, name, words)
		for _, p := range append(problems, more...) {
			messages = append(messages, p.Code+" "+args[p.Start:p.End]+": "+p.Message)
		}
	}
	return messages
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name       string
		directives []string
		want       []string
	}{
		{"defaults alone", []string{"retry", "breaker"}, nil},
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
		{"an open time that ends before it begins", []string{"breaker open=10m..30s"},
			[]string{"RG008 breaker.open: open=10m..30s ends before it begins; write open=30s..10m"}},
		{"an open time that does not grow", []string{"breaker open=30s..30s ramp=1h"}, nil},
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
		{"a hedge at the timeout", []string{"timeout 1s", "hedge 1s"},
			[]string{"RG008 hedge.delay: a delay of 1s is not over within the timeout of 1s; shorten it"}},
		{"a hedge at the attempt's limit", []string{"timeout 5s attempt=1s", "hedge 1s"},
			[]string{"RG008 hedge.delay: a delay of 1s is not over within the timeout of 1s; shorten it"}},
		{"a last hedge at the timeout", []string{"timeout 1s", "hedge 250ms max=4"},
			[]string{"RG008 hedge.max: max=4 hedges with a delay of 250ms each do not fit within the timeout of 1s; lower max or shorten the delay"}},
		{"a last hedge so late that it overflows", []string{"timeout 2000000h", "hedge 1000000h max=100"},
			[]string{"RG008 hedge.max: max=100 hedges with a delay of 1000000h each do not fit within the timeout of 2000000h; lower max or shorten the delay"}},
		{"a last hedge within the timeout", []string{"timeout 1s", "hedge 250ms max=3"}, nil},
		{"a last hedge that starts while an earlier one is under way", []string{"timeout 5s attempt=1s", "hedge 250ms max=4"}, nil},
		{"a queue in which nobody waits", []string{"limit 1/s queue=5", "bulkhead 1 queue=6"}, []string{
			"RG008 limit.queue: queue=5 has no effect without wait, because nobody waits; add wait=1s, or leave queue out",
			"RG008 bulkhead.queue: queue=6 has no effect without wait, because nobody waits; add wait=1s, or leave queue out"}},
		{"queues in which somebody waits", []string{"limit 1/s queue=5 wait=1s hints=off", "bulkhead 1 wait=1s queue=off"}, nil},
	} {
		var p Policies
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
	for limit, want := range map[string]int{"limit 100/s": 100, "limit 100/s burst=7": 7, "limit 10/60s": 10} {
		var p Policies
		refineAll(t, &p, limit)
		p.Complete()
		if p.Limit.Burst != want {
			t.Errorf("%s: burst %d, want %d", limit, p.Limit.Burst, want)
		}
	}
}

func TestQueueAndHintsRead(t *testing.T) {
	var p Policies
	messages := refineAll(t, &p, "limit 1/s wait=1s", "bulkhead 3 wait=1s")
	if p.Limit.Queue != 0 || p.Limit.Hints != HintsObeyed || p.Bulkhead.Queue != 0 {
		t.Errorf("defaults %+v, %+v", p.Limit, p.Bulkhead)
	}
	messages = append(messages, refineAll(t, &p, "limit queue=5 hints=off", "bulkhead queue=7")...)
	if p.Limit.Queue != 5 || p.Limit.Hints != HintsIgnored || p.Bulkhead.Queue != 7 {
		t.Errorf("set %+v, %+v", p.Limit, p.Bulkhead)
	}
	messages = append(messages, refineAll(t, &p, "limit queue=off hints=on", "bulkhead queue=off")...)
	if p.Limit.Queue != 0 || p.Limit.Hints != HintsObeyed || p.Bulkhead.Queue != 0 {
		t.Errorf("off %+v, %+v", p.Limit, p.Bulkhead)
	}
	if messages != nil {
		t.Errorf("%q", messages)
	}
	for directive, want := range map[string]string{
		"limit queue=0":    "RG006 0: ",
		"bulkhead queue=0": "RG006 0: ",
		"limit hints=no":   "RG005 no: ",
	} {
		if got := refineAll(t, &p, directive); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: %q, want one message that begins with %q", directive, got, want)
		}
	}
}
