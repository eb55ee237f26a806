package resil

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDurationsAreReadASixteenthTooLongAtMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(firstBound, lastBound).Draw(t, "d"))
		read := endOf(bucketOf(d))
		if read < d || float64(read) > float64(d)*17/16 {
			t.Fatalf("%d is read as %d", d, read)
		}
		if next := endOf(bucketOf(read + 1)); next <= read {
			t.Fatalf("the bucket after that of %d ends at %d", read, next)
		}
	})
	for d, want := range map[time.Duration]time.Duration{-1: firstBound, 0: firstBound, firstBound: firstBound, lastBound: lastBound, lastBound + 1: math.MaxInt64, math.MaxInt64: math.MaxInt64} {
		if got := endOf(bucketOf(d)); got != want {
			t.Errorf("%d is read as %d, want %d", d, got, want)
		}
	}
}

func TestQuantilesOfDurationsAreThoseOfTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Int64Range(firstBound, lastBound), 1, 200).Draw(t, "list")
		cut := rapid.IntRange(0, len(list)).Draw(t, "cut") // two profiles, put together
		var one, two durations
		for i, d := range list {
			if i < cut {
				one.add(time.Duration(d))
			} else {
				two.add(time.Duration(d))
			}
		}
		all := two.list(one.list(nil))
		slices.Sort(list)
		if all.Total() != uint64(len(list)) {
			t.Fatalf("%d of %d", all.Total(), len(list))
		}
		q := rapid.Float64Range(0.001, 1).Draw(t, "q")
		want := list[int(math.Ceil(q*float64(len(list))))-1]
		if got := int64(all.Quantile(q)); got < want || float64(got) > float64(want)*17/16 {
			t.Fatalf("quantile %v is %d, want %d", q, got, want)
		}
		end := endOf(bucketOf(time.Duration(want)))
		over := 0
		for _, d := range list {
			if time.Duration(d) > end {
				over++
			}
		}
		if got := all.Over(end); got != uint64(over) {
			t.Fatalf("%d are over %s, want %d", got, end, over)
		}
		text, err := json.Marshal(all)
		var back Durations
		if err == nil {
			err = json.Unmarshal(text, &back)
		}
		if diff := cmp.Diff(all, back); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	})
}

func TestDurationsThatCannotBeAreRefused(t *testing.T) {
	for _, text := range []string{`[[2,1],[1,1]]`, `[[1,1],[1,1]]`, `[[1,0]]`, `[[0,1]]`, `[[1]]`, `[[1,2,3]]`, `[1]`, `{}`, `[[9223372036854775808,1]]`, `[[1,18446744073709551615],[2,1]]`} {
		var d Durations
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s is read as %v", text, d)
		}
	}
}

// What began in one second is counted as by a list of all attempts, in steps of an eighth.
func TestMostInASecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l load
		var eighths []int64
		at := time.Duration(0)
		for range rapid.IntRange(1, 60).Draw(t, "attempts") {
			at += time.Duration(rapid.SampledFrom([]int{0, 1, 60, 125, 400, 1000, 2500, 9000}).Draw(t, "pause")) * time.Millisecond
			l.enter(at)
			eighths = append(eighths, int64(at/(125*time.Millisecond)))
		}
		want := uint64(0)
		for _, last := range eighths {
			n := uint64(0)
			for _, e := range eighths {
				if e <= last && e > last-perSecond {
					n++
				}
			}
			want = max(want, n)
		}
		if got := l.snapshot(0).InSecond; got != want {
			t.Fatalf("%d in a second, want %d: %v", got, want, eighths)
		}
	})
}

// profileOf makes a client of spec with a profile.
func profileOf(t *testing.T, spec Spec, opts ...Option) (*Profile, *Client) {
	t.Helper()
	p := new(Profile)
	return p, newClient(t, spec, append(opts, WithProfile(p))...)
}

func TestProfileOfCallsAndAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: Policies{
			Timeout: &Timeout{Attempt: time.Second}, Retry: copyOf(&testRetry)}}}}
		spec.Methods[0].Retry.Jitter = JitterNone
		p, c := profileOf(t, spec, WithName("eu"))
		m := c.Method("Get")
		for _, steps := range [][]step{
			{{10 * time.Millisecond, nil}},
			{{20 * time.Millisecond, errNotFound}},
			{{30 * time.Millisecond, errDown}, {40 * time.Millisecond, nil}}, // with a pause of 100 ms
			{{time.Hour, nil}, {time.Hour, nil}, {time.Hour, nil}},
		} {
			Run(t.Context(), m, takes(steps...))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		Run(ctx, m, takes(step{time.Hour, nil})) // the caller's own deadline
		panicInCall(m)

		s := p.Snapshot()
		if s.Client != "eu" || s.Interface != "Store" || s.Seconds != time.Since(c.base).Seconds() {
			t.Errorf("%+v", s)
		}
		get := s.Methods[0]
		if get.Calls != 6 || get.TimedOut != 3 {
			t.Errorf("%d calls, %d attempts timed out", get.Calls, get.TimedOut)
		}
		about := func(list ...time.Duration) (d Durations) {
			for _, took := range list {
				d = append(d, DurationBucket{endOf(bucketOf(took)), 1})
			}
			return d
		}
		if diff := cmp.Diff(about(10*time.Millisecond, 20*time.Millisecond, 170*time.Millisecond), get.Answered); diff != "" {
			t.Error("calls:", diff)
		}
		if diff := cmp.Diff(about(10*time.Millisecond, 20*time.Millisecond, 40*time.Millisecond), get.Attempts); diff != "" {
			t.Error("attempts:", diff)
		}
		if diff := cmp.Diff(Load{Attempts: 9, AtOnce: 1, InSecond: 5}, get.Load); diff != "" {
			t.Error(diff)
		}
	})
}

// Guards that the same methods share have one load, and hedges count.
func TestProfileOfGuards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker, limit := copyOf(&testBreaker), &Limit{Name: "Store", Rate: Rate{Count: 2, Per: time.Hour}, Burst: 2}
		observing := &Bulkhead{Name: "Store.Put", Calls: 1, Scope: Scope{Mode: ModeObserve}}
		keyed := &Breaker{Name: "Store.List", Consecutive: 5, Window: time.Minute, Open: time.Second, Probes: 1, Min: 1, Scope: Scope{Per: "peer", Keys: 10}}
		spec := Spec{Name: "Store", Methods: []MethodSpec{
			{Name: "Get", Policies: Policies{Breaker: breaker, Limit: limit}},
			{Name: "Put", Policies: Policies{Breaker: breaker, Bulkhead: observing, Hedge: &Hedge{Delay: time.Second, Max: 1}}},
			{Name: "List", Policies: Policies{Breaker: keyed}},
		}}
		p, c := profileOf(t, spec)
		if n := len(c.plans[0].seen.loads); n != 2 { // its own, which is the limit's, and the breaker's
			t.Errorf("Get has %d loads, want 2", n)
		}
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() { Run(t.Context(), c.Method("Get"), takes(step{900 * time.Millisecond, nil})) })
		}
		calls.Go(func() {
			Hedged(t.Context(), c.Method("Put"), func(ctx context.Context) (int, error) { return 0, takes(step{5 * time.Second, nil})(ctx) }, nil)
		})
		calls.Wait()
		Run(t.Context(), c.Method("List"), succeed)
		want := []GuardProfile{
			{Kind: "breaker", Name: "Store", Load: Load{4, 3, 3}},
			{Kind: "breaker", Name: "Store.List", Keyed: true, Load: Load{1, 1, 1}},
			{Kind: "limit", Name: "Store", Refused: 1, Load: Load{2, 2, 2}},
			{Kind: "bulkhead", Name: "Store.Put", Refused: 1, Load: Load{2, 2, 1}},
		}
		if diff := cmp.Diff(want, p.Snapshot().Guards); diff != "" {
			t.Error(diff)
		}
	})
}

// The form is stable: programs of other versions read it.
func TestProfileInJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: Policies{Breaker: copyOf(&testBreaker)}}}}
		p, c := profileOf(t, spec)
		for range 2 {
			Run(t.Context(), c.Method("Get"), takes(step{time.Millisecond, nil}))
		}
		time.Sleep(time.Second - 2*time.Millisecond)
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		const want = `{"client":"Store","interface":"Store","seconds":1,"methods":[` +
			`{"name":"Get","calls":2,"answered":[[1000000,2]],"attempts":[[1000000,2]],"timedOut":0,"load":{"attempts":2,"atOnce":1,"inSecond":2}}],` +
			`"guards":[{"kind":"breaker","name":"Store","refused":0,"load":{"attempts":2,"atOnce":1,"inSecond":2}}]}`
		if string(text) != want {
			t.Errorf("got\n%s, want\n%s", text, want)
		}
		var back ProfileSnapshot
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Snapshot(), back); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMergedProfilesAddUp(t *testing.T) {
	a := ProfileSnapshot{Interface: "Store", Seconds: 60,
		Methods: []MethodProfile{{Name: "Get", Calls: 3, Answered: Durations{{1 << 20, 2}}, TimedOut: 1, Load: Load{3, 2, 3}}},
		Guards:  []GuardProfile{{Kind: "limit", Name: "Store", Refused: 1, Load: Load{3, 2, 3}}}}
	b := ProfileSnapshot{Interface: "Store", Seconds: 30,
		Methods: []MethodProfile{{Name: "Get", Calls: 5, Answered: Durations{{1 << 20, 4}, {1 << 21, 1}}, Load: Load{5, 1, 4}}, {Name: "Put", Calls: 1}},
		Guards:  []GuardProfile{{Kind: "limit", Name: "Store", Keyed: true, Load: Load{5, 1, 4}}, {Kind: "breaker", Name: "Store"}}}
	a.Merge(b)
	want := ProfileSnapshot{Interface: "Store", Seconds: 60,
		Methods: []MethodProfile{{Name: "Get", Calls: 8, Answered: Durations{{1 << 20, 6}, {1 << 21, 1}}, TimedOut: 1, Load: Load{8, 2, 4}}, {Name: "Put", Calls: 1}},
		Guards:  []GuardProfile{{Kind: "limit", Name: "Store", Keyed: true, Refused: 1, Load: Load{8, 2, 4}}, {Kind: "breaker", Name: "Store"}}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
}

func TestAProfileIsOfOneClient(t *testing.T) {
	spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}}}
	var p Profile
	if diff := cmp.Diff(ProfileSnapshot{}, p.Snapshot()); diff != "" {
		t.Error(diff)
	}
	if _, err := New(spec, WithProfile(&p), WithProfile(new(Profile))); err == nil || !strings.Contains(err.Error(), "2 profiles are given") {
		t.Errorf("got %v", err)
	}
	if _, err := New(spec, WithProfile(&p), WithFleet(&closedFleet{})); err != errStore {
		t.Errorf("got %v", err)
	}
	c := newClient(t, spec, WithProfile(&p), WithProfile(nil)) // the clients that failed have not taken it
	if c.Profile() != &p || newClient(t, spec).Profile() != nil {
		t.Error("the client does not tell its profile")
	}
	if _, err := New(spec, WithProfile(&p)); err == nil || !strings.Contains(err.Error(), "make one for each client") {
		t.Errorf("got %v", err)
	}
}

// A closedFleet takes no members.
type closedFleet struct{ fakeFleet }

func (*closedFleet) Join(*Member) error { return errStore }

func TestProfileUnderConcurrency(t *testing.T) {
	p, c := profileOf(t, fullSpec())
	m := c.Method("Get")
	const workers, each = 4, 2000
	var calls sync.WaitGroup
	for range workers {
		calls.Go(func() {
			for range each {
				Run(t.Context(), m, func(context.Context) error {
					if rand.IntN(100) == 0 {
						return errNotFound
					}
					return nil
				})
			}
		})
	}
	for range 100 {
		p.Snapshot()
	}
	calls.Wait()
	s := p.Snapshot().Methods[0]
	if s.Calls != workers*each || s.Answered.Total() != workers*each || s.Attempts.Total() != workers*each || s.Load.Attempts != workers*each {
		t.Errorf("%d calls, %d and %d answered", s.Calls, s.Answered.Total(), s.Attempts.Total())
	}
	if s.Load.AtOnce < 1 || s.Load.AtOnce > workers || c.plans[0].seen.loads[0].now.Load() != 0 {
		t.Errorf("%d at once, %d left", s.Load.AtOnce, c.plans[0].seen.loads[0].now.Load())
	}
}

func TestProfiledSuccessAllocatesNothing(t *testing.T) {
	_, c := profileOf(t, fullSpec())
	m, ctx := c.Method("Get"), context.Background()
	next := func(context.Context, string) (int, error) { return 42, nil }
	if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestProfileCheck(t *testing.T) {
	for _, s := range []ProfileSnapshot{{}, {Interface: "Store", Seconds: -1}, {Interface: "Store", Seconds: math.NaN()}} {
		if s.Check() == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
	if err := (&ProfileSnapshot{Interface: "Store"}).Check(); err != nil {
		t.Error(err)
	}
}
