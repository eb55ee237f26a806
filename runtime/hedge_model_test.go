package resil

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A runner is what the callee does in a lane of a race.
type runner struct {
	Takes time.Duration
	How   ending
	Hint  time.Duration // of one that fails or throttles
	Deaf  bool          // to its context
	err   error         // that it returns
}

func (r runner) ownErr() error {
	switch r.How {
	case answers:
		return errNotFound
	case breaksDown:
		return Infra(askedFor(r.Hint))
	case throttles:
		return Throttle(errNotFound, r.Hint)
	case isBroken:
		return System(errNotFound)
	}
	return nil
}

// final reports whether another attempt would not change it.
func (r runner) final() bool { return r.How == succeeds || r.How == answers || r.How == isBroken }

// A raceModel is what a race is meant to do, event by event.
type raceModel struct {
	delay   time.Duration
	max     int
	runners []runner
	gaveUp  time.Duration // when the caller gives up; 0 for forEver

	running  map[int]time.Duration // when lanes end that are under way
	cut      map[int]bool          // lanes that their context has ended
	reached  []int
	next     int
	timer    time.Duration
	held     time.Duration
	decided  bool // by a lane, or the caller is gone
	gone     bool
	winner   int
	panicked bool
	now      time.Duration
}

const forEver = time.Duration(math.MaxInt64)

func (r *raceModel) start(lane int) {
	r.reached = append(r.reached, lane)
	r.running[lane] = r.now + r.runners[lane].Takes
	r.timer = forEver
	if r.next <= r.max {
		r.timer = r.now + r.delay
	}
}

func (r *raceModel) startNext() {
	r.next++
	r.start(r.next - 1)
}

// stop ends the context of all lanes.
func (r *raceModel) stop() {
	r.decided, r.timer = true, forEver
	for lane := range r.running {
		if !r.runners[lane].Deaf {
			r.running[lane], r.cut[lane] = r.now, true
		}
	}
}

// run makes the race and leaves its end in r.
func (r *raceModel) run() {
	r.running, r.cut, r.next, r.winner = map[int]time.Duration{}, map[int]bool{}, 1, -1
	r.start(0)
	for len(r.running) > 0 {
		first, at := -1, r.timer // the next event: a lane's end, or the timer
		for lane, end := range r.running {
			if end < at || end == at && lane < first {
				first, at = lane, end
			}
		}
		if r.gaveUp > 0 && !r.gone && r.gaveUp < at {
			r.now, r.gone = r.gaveUp, true
			r.stop()
			continue
		}
		r.now = at
		switch {
		case first >= 0:
			delete(r.running, first)
			r.end(first)
		case r.now < r.held:
			r.timer = r.held
		default:
			r.startNext()
		}
	}
}

func (r *raceModel) end(lane int) {
	how := r.runners[lane]
	switch {
	case r.cut[lane]:
	case how.How == panics, how.How == exits:
		r.panicked = true
		r.stop()
	case r.winner >= 0:
	case how.How == succeeds, how.final() && !r.gone && !r.decided:
		r.winner = lane
		r.stop()
	case r.decided:
	default:
		if how.Hint > 0 {
			r.held = max(r.held, r.now+how.Hint)
			if r.timer != forEver {
				r.timer = max(r.timer, r.held)
			}
		}
		if how.How != throttles && r.now >= r.held && r.next <= r.max {
			r.startNext()
		}
	}
}

// A race does as its model, whatever its lanes do and when, and whenever its caller
// gives up.
func TestRaceDoesAsItsModel(t *testing.T) {
	const ms = time.Millisecond
	rapid.Check(t, func(rt *rapid.T) {
		model := &raceModel{
			delay: time.Duration(rapid.IntRange(1, 60).Draw(rt, "delay")) * ms,
			max:   rapid.IntRange(1, 4).Draw(rt, "max"),
		}
		for lane := range model.max + 1 {
			r := runner{
				// No two events come at one time.
				Takes: time.Duration(rapid.IntRange(0, 200).Draw(rt, "takes"))*ms + time.Microsecond<<lane,
				How:   sampled(rt, "how", succeeds, answers, breaksDown, throttles, isBroken, breaksDown, throttles, breaksDown, panics, exits),
				Deaf:  rapid.IntRange(0, 3).Draw(rt, "deaf") == 0,
			}
			if r.How == breaksDown || r.How == throttles {
				r.Hint = time.Duration(sampled(rt, "hint", 0, 0, 0, rapid.IntRange(1, 150).Draw(rt, "long"))) * ms
			}
			r.err = r.ownErr()
			model.runners = append(model.runners, r)
		}
		if rapid.Bool().Draw(rt, "impatient") {
			model.gaveUp = time.Duration(rapid.IntRange(0, 200).Draw(rt, "gives up"))*ms + 500*time.Nanosecond
		}
		model.run()
		inBubble(t, rt, func(t *testing.T) error { return compareRace(t, model) })
	})
}

func compareRace(t *testing.T, model *raceModel) error {
	c, m := newMethod(t, withHedge(Hedge{Delay: model.delay, Max: model.max}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if model.gaveUp > 0 {
		time.AfterFunc(model.gaveUp, cancel)
	}
	var mu sync.Mutex
	var discarded []int
	discard := func(v int) {
		mu.Lock()
		defer mu.Unlock()
		if v != 0 { // of a lane that panicked or ended its goroutine
			discarded = append(discarded, v)
		}
	}
	f := func(ctx context.Context) (int, error) {
		lane := Attempt(ctx) - 1
		r := model.runners[lane]
		done := ctx.Done()
		if r.Deaf {
			done = nil
		}
		select {
		case <-time.After(r.Takes):
		case <-done:
			return -1 - lane, ctx.Err()
		}
		if r.How == panics || r.How == exits {
			return 0, r.How.as(nil, 0)
		}
		return lane + 1, r.err
	}
	start := time.Now()
	var value int
	var err error
	panicked := true // or ended its goroutine
	var call sync.WaitGroup
	call.Go(func() {
		defer func() { _ = recover() }()
		value, err = Hedged(ctx, m, f, discard)
		panicked = false
	})
	call.Wait()
	if took := time.Since(start); took != model.now {
		return fmt.Errorf("took %v, want %v", took, model.now)
	}
	s := c.Stats().Method("Get")
	if panicked != model.panicked || (s.Panicked == 1) != panicked {
		return fmt.Errorf("panicked: %v, want %v: %+v", panicked, model.panicked, s)
	}
	kept := 0
	if model.winner >= 0 {
		kept = model.winner
	}
	hedges, wins := len(model.reached)-1, 0
	if kept > 0 && !panicked {
		wins = 1
	}
	if s.Attempts != uint64(hedges+1) || s.Hedges != uint64(hedges) || s.HedgeWins != uint64(wins) || s.Calls != 1 {
		return fmt.Errorf("%d attempts, %d hedges and %d wins, want %d, %d and %d", s.Attempts, s.Hedges, s.HedgeWins, hedges+1, hedges, wins)
	}
	value0 := func(lane int) int {
		switch {
		case model.cut[lane]:
			return -1 - lane
		case model.runners[lane].How >= panics:
			return 0
		}
		return lane + 1
	}
	var thrown []int
	for _, lane := range model.reached {
		if v := value0(lane); v != 0 && (panicked || lane != kept) {
			thrown = append(thrown, v)
		}
	}
	slices.Sort(thrown)
	slices.Sort(discarded)
	if !slices.Equal(thrown, discarded) {
		return fmt.Errorf("discarded %v, want %v", discarded, thrown)
	}
	if panicked {
		return nil
	}
	if value != value0(kept) {
		return fmt.Errorf("got %d, want lane %d's", value, kept)
	}
	want := model.runners[kept].err
	if model.cut[kept] {
		want = context.Canceled
	}
	// What is cut off is wrapped where another lane said more.
	if !model.cut[kept] && err != want || !errors.Is(err, want) {
		return fmt.Errorf("got %v, want %v", err, want)
	}
	if (s.Succeeded == 1) != (want == nil) {
		return fmt.Errorf("%v is counted as %+v", err, s)
	}
	return nil
}
