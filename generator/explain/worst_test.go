package explain

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
	"pgregory.net/rapid"
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
		{"what only observes costs nothing", []string{"timeout attempt=500ms", "retry 3 mode=observe", "hedge 50ms mode=observe", "limit 10/s wait=2s mode=observe"},
			Worst{1, 500 * ms, 500 * ms}},
		{"and limits nothing", []string{"timeout 2s mode=observe"}, Worst{1, Unbounded, Unbounded}},
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
		{"each hedge may start a delay later", []string{"timeout attempt=500ms", "hedge 200ms max=9"},
			Worst{10, 500*ms + 9*200*ms, 200*ms + 9*500*ms}},
		{"an attempt that times out starts the next", []string{"timeout attempt=200ms", "hedge 100ms max=3", "limit 1/s wait=50ms"},
			Worst{4, 250*ms + 3*100*ms, 100*ms + 3*250*ms}},
		{"hedges that fail at once leave each other time", []string{"timeout 1s", "hedge 300ms max=2", "retry 3"}, Worst{9, 1000 * ms, 1000 * ms}},
		{"and so do attempts whose pauses fit", []string{"timeout 1s", "hedge 300ms max=2", "retry 2 initial=500ms jitter=none"}, Worst{6, 1000 * ms, 1000 * ms}},
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

// An attempt is what the callee does in one: it takes some time, or all that it gets,
// and fails, with a hint if that is not 0.
type attempt struct {
	takes, hint time.Duration
}

// callWorst makes a call of p whose n-th attempt is as plan says, and returns what it
// came to. It must run in a bubble of testing/synctest.
func callWorst(t interface{ Fatal(...any) }, p annotations.Policy, plan func(n int) attempt) (calls int, took time.Duration) {
	policies := p.Policies
	policies.Breaker = nil
	if policies.Limit != nil {
		policies.Limit.Name = "S"
	}
	if policies.Bulkhead != nil {
		policies.Bulkhead.Name = "S"
	}
	client, err := resil.New(resil.Spec{Name: "S", Methods: []resil.MethodSpec{{Name: "M", Policies: policies}}})
	if err != nil {
		t.Fatal(err)
	}
	var reached atomic.Int64
	callee := func(ctx context.Context) (struct{}, error) {
		a := plan(int(reached.Add(1)) - 1)
		err := resil.Infra(errors.New("the callee is failing"))
		select {
		case <-time.After(a.takes):
		case <-ctx.Done():
			err = ctx.Err()
		}
		if a.hint > 0 {
			err = resil.Throttle(err, a.hint)
		}
		return struct{}{}, err
	}
	start := time.Now()
	if p.Hedge != nil {
		_, err = resil.Hedged(context.Background(), client.Method("M"), callee, nil)
	} else {
		_, err = resil.Call(context.Background(), client.Method("M"), callee)
	}
	if err == nil {
		t.Fatal("the call succeeded")
	}
	return int(reached.Load()), time.Since(start)
}

// worstPolicies are policies whose worst cases calls come to, except that something
// else decides how near they come where atMost is set.
var worstPolicies = []struct {
	directives []string
	atMost     bool
}{
	{directives: []string{"timeout 2s"}},
	{directives: []string{"timeout attempt=500ms", "retry 4 jitter=none max=300ms"}},
	{directives: []string{"timeout attempt=500ms", "retry 4 backoff=fibonacci jitter=none"}},
	{directives: []string{"timeout attempt=500ms", "retry 4 jitter=decorrelated"}, atMost: true},
	{directives: []string{"timeout attempt=500ms", "retry 4 jitter=80% max=1s"}, atMost: true},
	{directives: []string{"timeout attempt=500ms", "retry 4"}, atMost: true},
	{directives: []string{"timeout 1s attempt=300ms", "retry 4 jitter=none"}, atMost: true}, // the last pause does not fit
	{directives: []string{"timeout attempt=500ms", "hedge 200ms max=2"}},
	{directives: []string{"timeout attempt=500ms", "hedge 200ms max=9"}, atMost: true}, // attempts that time out start hedges early
	{directives: []string{"timeout attempt=500ms", "hedge 180ms", "retry 3 jitter=none"}},
	{directives: []string{"timeout 1s", "hedge 300ms max=2"}},
	{directives: []string{"timeout 1s", "hedge 300ms max=3", "retry 2 jitter=none"}},
	{directives: []string{"timeout attempt=500ms", "retry 3", "limit 1/s wait=2s", "bulkhead 1 wait=1s"}, atMost: true},
}

// TestNoCallIsWorse calls a callee that fails at once, which brings on the most calls,
// and one that takes all the time it gets and then fails, which takes the longest.
func TestNoCallIsWorse(t *testing.T) {
	for _, tt := range worstPolicies {
		synctest.Test(t, func(t *testing.T) {
			p := policyOf(t, tt.directives...)
			want := worst(p)
			quick, soon := callWorst(t, p, func(int) attempt { return attempt{} })
			slow, late := callWorst(t, p, func(int) attempt { return attempt{takes: time.Hour} })
			calls, took := max(quick, slow), max(soon, late)
			if calls > want.Calls || took > want.Time || !tt.atMost && (calls < want.Calls || took < want.Time) {
				t.Errorf("%q: %d calls, %v; want %v", tt.directives, calls, took, want)
			}
		})
	}
}

// TestNoHintMakesACallWorse has every failure ask for the longest pause that is obeyed.
func TestNoHintMakesACallWorse(t *testing.T) {
	for _, directives := range [][]string{
		{"timeout attempt=500ms", "retry 4"},
		{"timeout attempt=500ms", "retry 4 backoff=constant max=7s"},
		{"timeout 2m", "retry 4"},
		{"timeout attempt=500ms", "hedge 180ms", "retry 3 max=1s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := policyOf(t, directives...)
			want := worst(p)
			calls, took := callWorst(t, p, func(int) attempt { return attempt{time.Hour, p.Retry.Max} })
			if calls > want.Calls || took != want.Hinted {
				t.Errorf("%q: %d calls, %v; want %v", directives, calls, took, want)
			}
		})
	}
}

// TestHintsHoldHedgesBack has each attempt ask, just after the next has started, to be
// left alone until just before that one ends.
func TestHintsHoldHedgesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		p := policyOf(t, "timeout attempt=500ms", "hedge 200ms max=3")
		calls, took := callWorst(t, p, func(n int) attempt {
			if n == 0 {
				return attempt{201 * ms, 498 * ms}
			}
			return attempt{time.Hour, 498 * ms}
		})
		if want := worst(p); calls != want.Calls || took > want.Hinted || took < want.Hinted-3*ms {
			t.Errorf("%d calls, %v; want %v", calls, took, want)
		}
	})
}

// TestWorstHolds calls callees that fail at any time and ask for any pause.
func TestWorstHolds(t *testing.T) {
	for _, tt := range worstPolicies {
		rapid.Check(t, func(rt *rapid.T) {
			takes := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 150 * time.Millisecond, 250 * time.Millisecond, 499 * time.Millisecond, time.Hour})
			hint := rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 200 * time.Millisecond, 490 * time.Millisecond, time.Second, time.Hour})
			plan := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) attempt { return attempt{takes.Draw(rt, "takes"), hint.Draw(rt, "hint")} }), 12, 12).Draw(rt, "plan")
			synctest.Test(t, func(t *testing.T) {
				p := policyOf(t, tt.directives...)
				calls, took := callWorst(rt, p, func(n int) attempt { return plan[n] })
				want := worst(p)
				limit := want.Time
				if slices.ContainsFunc(plan[:calls], func(a attempt) bool { return a.hint > 0 }) {
					limit = want.Hinted
				}
				if calls > want.Calls || took > limit {
					t.Errorf("%q: %d calls, %v; want %v", tt.directives, calls, took, want)
				}
			})
		})
	}
}
