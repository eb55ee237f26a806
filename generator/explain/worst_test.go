package explain

import (
	"context"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// policyOf reads directives as they stand in a source, without the //resil:.
func policyOf(t *testing.T, directives ...string) annotations.Policy {
	t.Helper()
	var p annotations.Policy
	for _, d := range directives {
		name, args, _ := strings.Cut(d, " ")
		words, problems := directive.Words(args)
		_, more := directive.Refine(&p, name, words)
		for _, problem := range append(problems, more...) {
			t.Fatalf("%s: %v", d, problem)
		}
	}
	p.Complete()
	for _, problem := range p.Check() {
		t.Fatalf("%q: %v", directives, problem)
	}
	return p
}

func TestWorstCase(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name       string
		directives []string
		want       Worst
	}{
		{"nothing bounds a plain call", nil, Worst{1, Unbounded, Unbounded}},
		{"a breaker bounds nothing", []string{"breaker"}, Worst{1, Unbounded, Unbounded}},
		{"the total timeout caps", []string{"timeout 2s"}, Worst{1, 2000 * ms, 2000 * ms}},
		{"an attempt timeout alone", []string{"timeout attempt=500ms"}, Worst{1, 500 * ms, 500 * ms}},
		{"without a timeout retries are unbounded", []string{"retry 3"}, Worst{3, Unbounded, Unbounded}},
		{"attempts and growing delays", []string{"timeout attempt=500ms", "retry 4 max=5s"},
			Worst{4, 4*500*ms + 100*ms + 200*ms + 400*ms, 4*500*ms + 3*5000*ms}},
		{"one attempt has no delay", []string{"timeout attempt=500ms", "retry 1"}, Worst{1, 500 * ms, 500 * ms}},
		{"no delay is above max", []string{"timeout attempt=1s", "retry 4 initial=1s max=2s jitter=50%"},
			Worst{4, 4000*ms + 1500*ms + 2000*ms + 2000*ms, 4000*ms + 3*2000*ms}},
		{"decorrelated delays treble", []string{"timeout attempt=1s", "retry 3 initial=100ms jitter=decorrelated max=800ms"},
			Worst{3, 3000*ms + 300*ms + 800*ms, 3000*ms + 1600*ms}},
		{"the total caps attempts and delays", []string{"timeout 1s attempt=500ms", "retry 3"}, Worst{3, 1000 * ms, 1000 * ms}},
		{"the total leaves short calls alone", []string{"timeout 1m attempt=500ms", "retry 2 max=1s"}, Worst{2, 1100 * ms, 2000 * ms}},
		{"each attempt may wait for both", []string{"timeout attempt=1s", "retry 2 backoff=constant max=100ms", "limit 10/s wait=2s", "bulkhead 5 wait=3s"},
			Worst{2, 2*(1000+2000+3000)*ms + 100*ms, 2*6000*ms + 100*ms}},
		{"what only observes never waits", []string{"timeout attempt=1s", "limit 10/s wait=2s mode=observe", "bulkhead 5 wait=3s mode=observe"},
			Worst{1, 1000 * ms, 1000 * ms}},
		{"a wait does not bound the callee", []string{"limit 10/s wait=2s"}, Worst{1, Unbounded, Unbounded}},
		{"hedges multiply calls", []string{"hedge 50ms max=2", "retry 3"}, Worst{9, Unbounded, Unbounded}},
		{"a hedge may start at the last moment", []string{"timeout attempt=500ms", "hedge 200ms"}, Worst{2, 700 * ms, 700 * ms}},
		{"a failure starts the next hedge", []string{"timeout attempt=500ms", "hedge 200ms max=3"}, Worst{4, (500 + 500) * ms, (500 + 500) * ms}},
		{"calls that fail at once leave time for all hedges", []string{"timeout 1s", "hedge 300ms max=2", "retry 3"}, Worst{9, 1000 * ms, 1000 * ms}},
		{"sums that overflow are unbounded", []string{"timeout attempt=1000000h", "retry 1000000 backoff=constant"}, Worst{1_000_000, Unbounded, Unbounded}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := worst(policyOf(t, tt.directives...)); got != tt.want {
				t.Errorf("%q:\n got %+v\nwant %+v", tt.directives, got, tt.want)
			}
		})
	}
}

func TestExpected(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name       string
		directives []string
		want       Expected
	}{
		{"a call is a call", nil, Expected{Calls: 1}},
		{"a failure starts a hedge", []string{"hedge 50ms"}, Expected{Calls: 1.1}},
		{"a round is repeated if its hedges fail too", []string{"hedge 50ms", "retry 2 jitter=none"}, Expected{1.1 + 0.01*1.1, 1 * ms}},
		{"one in ten is repeated, one in a hundred twice", []string{"retry 3 jitter=none"}, Expected{1.11, 10*ms + 2*ms}},
		{"full jitter halves the pauses", []string{"retry 3"}, Expected{1.11, 6 * ms}},
		{"equal jitter takes a quarter", []string{"retry 2 jitter=equal"}, Expected{1.1, 7500 * time.Microsecond}},
		{"a percentage goes either way", []string{"retry 2 jitter=20%"}, Expected{1.1, 10 * ms}},
		{"decorrelated goes by the delay before", []string{"retry 3 jitter=decorrelated"}, Expected{1.11, 20*ms + 3500*time.Microsecond}},
		{"many attempts converge", []string{"retry 1000000 backoff=constant jitter=none"}, Expected{1.1111111, 11111111}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := expected(policyOf(t, tt.directives...))
			if math.Abs(got.Calls-tt.want.Calls) > 1e-6 || (got.Pauses-tt.want.Pauses).Abs() > time.Microsecond {
				t.Errorf("%q: got %+v, want %+v", tt.directives, got, tt.want)
			}
		})
	}
}

// TestNoCallIsWorse calls a callee that takes all the time it gets and then fails.
func TestNoCallIsWorse(t *testing.T) {
	for _, tt := range []struct {
		directives []string
		hint       time.Duration
		atMost     bool // chance decides how near it comes
	}{
		{directives: []string{"timeout 2s"}},
		{directives: []string{"timeout attempt=500ms", "retry 4 jitter=none max=300ms"}},
		{directives: []string{"timeout attempt=500ms", "retry 4 backoff=fibonacci jitter=none"}},
		{directives: []string{"timeout attempt=500ms", "retry 4 jitter=decorrelated"}, atMost: true},
		{directives: []string{"timeout attempt=500ms", "retry 4 jitter=80% max=1s"}, atMost: true},
		{directives: []string{"timeout attempt=500ms", "retry 4"}, hint: 30 * time.Second},
		{directives: []string{"timeout 1s attempt=300ms", "retry 4 jitter=none"}, atMost: true},
		{directives: []string{"timeout attempt=500ms", "hedge 190ms max=3"}},
		{directives: []string{"timeout attempt=500ms", "hedge 200ms max=9"}, atMost: true}, // some hedges start at the same time
		{directives: []string{"timeout attempt=500ms", "hedge 180ms", "retry 3 jitter=none"}},
		{directives: []string{"timeout 1s", "hedge 300ms max=2"}},
		{directives: []string{"timeout 1s", "hedge 300ms max=3", "retry 2 jitter=none"}, atMost: true},
		{directives: []string{"timeout attempt=500ms", "retry 3", "limit 1/s wait=2s", "bulkhead 1 wait=1s"}, atMost: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := policyOf(t, tt.directives...)
			policies := p.Policies
			policies.Breaker = nil
			if policies.Limit != nil {
				policies.Limit.Name = "S"
			}
			if policies.Bulkhead != nil {
				policies.Bulkhead.Name = "S"
			}
			spec := resil.Spec{Name: "S", Methods: []resil.MethodSpec{{Name: "M", Policies: policies}}}
			client, err := resil.New(spec)
			if err != nil {
				t.Fatal(err)
			}
			var calls atomic.Int64
			callee := func(ctx context.Context) (struct{}, error) {
				calls.Add(1)
				<-ctx.Done()
				if tt.hint > 0 {
					return struct{}{}, resil.Throttle(ctx.Err(), tt.hint)
				}
				return struct{}{}, ctx.Err()
			}
			start := time.Now()
			if p.Hedge != nil {
				_, err = resil.Hedged(t.Context(), client.Method("M"), callee, nil)
			} else {
				_, err = resil.Call(t.Context(), client.Method("M"), callee)
			}
			took, want := time.Since(start), worst(p)
			if err == nil {
				t.Error("the call succeeded")
			}
			if tt.hint > 0 {
				want.Time = want.Hinted
			}
			if n := int(calls.Load()); n > want.Calls || took > want.Time || !tt.atMost && (n < want.Calls || took < want.Time) {
				t.Errorf("%q: %d calls in %v, want %v", tt.directives, n, took, want)
			}
		})
	}
}
