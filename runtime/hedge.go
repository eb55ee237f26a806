package resil

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Hedged is [Call] for methods with a [Hedge]: while no attempt has succeeded, it
// starts another each Delay, at most Max. Each takes a token of the retry budget
// and passes every guard; one that is refused does not start.
//
// The first success wins and cancels the other attempts' contexts. Hedged returns
// when all have ended: it leaves no goroutine behind. f is called by several
// goroutines at once. The results of all attempts but the one that it returns go
// to discard, which may be nil; of those that failed they are often zero. A panic
// in a hedge is raised again as a [*HedgePanic].
func Hedged[T any](ctx context.Context, m *Method, f func(context.Context) (T, error), discard func(T)) (T, error) {
	lanes := make([]T, 1+m.hedge.Max)
	r := &race{
		run: func(ctx context.Context, lane int) (err error) {
			lanes[lane], err = f(ctx)
			return err
		},
		discard: func(lane int) {
			if discard != nil {
				discard(lanes[lane])
			}
			lanes[lane] = *new(T)
		},
	}
	err := m.run(ctx, nil, r)
	return lanes[r.kept], err
}

// A HedgePanic is a panic that happened in a hedge, on a goroutine of its own.
type HedgePanic struct {
	Value any    // that it was raised with
	Stack []byte // of the hedge's goroutine
}

func (p *HedgePanic) Error() string {
	return fmt.Sprintf("panic in a hedge: %v\n\n%s", p.Value, p.Stack)
}

// Unwrap returns the panic's value if that is an error.
func (p *HedgePanic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// A race is a hedged call's way to the callee. Lane 0 is the first attempt, on
// the caller's goroutine; the others are hedges.
type race struct {
	run     func(ctx context.Context, lane int) error
	discard func(lane int)
	kept    int // the lane whose results the call returns

	// Of the round under way.
	mu       sync.Mutex
	reached  []int   // the lanes that reached the callee
	winner   int     // -1 for none yet
	failed   attempt // the last that reached the callee and failed
	panicked *HedgePanic
}

// race makes an attempt and, as long as it takes, hedges beside it. It stands in
// the place of c.try.
func (c *call) race(ctx context.Context, r *race) (err error) {
	m := c.method
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first := len(r.reached) == 0
	r.reached, r.winner = nil, -1

	// The hedges must not hold c, which lives on its caller's stack.
	caller, last, before := c.caller, c.attempt, c.attempts
	try := func(lane int, delay time.Duration) (*call, error) {
		own := &call{method: m, caller: caller, attempts: before + lane, attempt: last, outcome: OutcomePanicked}
		defer func() { r.arrive(own, lane, cancel) }()
		return own, own.try(ctx, func(ctx context.Context) error {
			r.depart(lane, first)
			if lane > 0 && m.events != nil {
				m.event(caller, Event{Kind: EventHedgeStarted, Attempt: before + lane + 1, Delay: delay})
			}
			return r.run(ctx, lane)
		})
	}
	hedge := func(lane int, delay time.Duration) {
		defer func() {
			if v := recover(); v != nil {
				r.mu.Lock()
				r.panicked = &HedgePanic{Value: v, Stack: debug.Stack()}
				r.mu.Unlock()
				cancel()
			}
		}()
		if ctx.Err() != nil || !m.spend() {
			return
		}
		if own, _ := try(lane, delay); own.attempts == before+lane {
			m.refund() // refused: no hedge
		}
	}
	wait := func() {}
	if mayRepeat(caller) {
		wait = m.hedge.start(hedge)
	}
	returned := false
	defer func() {
		if !returned {
			cancel() // a panic in the first attempt must not leave hedges behind
		}
		wait()
		c.attempts = before + len(r.reached)
		if !returned || r.panicked != nil {
			c.outcome = OutcomePanicked
			if r.winner >= 0 {
				m.counts.classes[Success].Add(1) // nobody gets it
			}
			r.discardBut(-1)
			if r.panicked != nil {
				panic(r.panicked)
			}
			return
		}
		switch {
		case r.winner >= 0:
			c.attempt, c.outcome, err = attempt{class: Success}, OutcomeSucceeded, nil
			r.kept = r.winner
			if r.winner > 0 {
				m.counts.hedgeWins.Add(1)
			}
		case len(r.reached) > 0 && !slices.Contains(r.reached, 0):
			// The first attempt was refused, and a hedge has failed.
			c.attempt, r.kept = r.failed, r.reached[0]
			if own, ok := err.(*Error); ok {
				err = c.failureAfter(own)
			} else {
				err = c.stop(err)
			}
		case len(r.reached) > 0:
			r.kept = 0
		}
		r.discardBut(r.kept)
	}()
	own, err := try(0, 0)
	c.attempt, c.outcome = own.attempt, own.outcome
	returned = true
	return err
}

// start runs hedge for each of the policy's hedges when its time has come. The
// returned function lets no further one start and waits for those that have.
func (h *Hedge) start(hedge func(lane int, delay time.Duration)) (wait func()) {
	var running sync.WaitGroup
	timers := make([]*time.Timer, h.Max)
	for i := range timers {
		delay := time.Duration(i+1) * h.Delay
		running.Add(1)
		timers[i] = time.AfterFunc(delay, func() {
			defer running.Done()
			hedge(i+1, delay)
		})
	}
	return func() {
		for _, timer := range timers {
			if timer.Stop() {
				running.Done()
			}
		}
		running.Wait()
	}
}

// depart notes that a lane reaches the callee. What an earlier round has left is
// thrown away when it is about to be replaced, and not before.
func (r *race) depart(lane int, firstRound bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.reached) == 0 && !firstRound {
		r.discard(r.kept)
	}
	r.reached = append(r.reached, lane)
}

// arrive notes what became of a lane, on a panic too.
func (r *race) arrive(own *call, lane int, cancel context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.reached, lane) {
		return
	}
	counts := &own.method.counts
	if lane > 0 {
		counts.hedges.Add(1)
	}
	switch {
	case own.outcome == OutcomePanicked:
	case own.outcome != OutcomeSucceeded:
		r.failed = own.attempt
	case r.winner < 0:
		r.winner = lane
		cancel()
	default:
		counts.classes[Success].Add(1) // the winner's is booked with the call
	}
}

// discardBut throws away the results of the round, except those of one lane.
func (r *race) discardBut(kept int) {
	for _, lane := range r.reached {
		if lane != kept {
			r.discard(lane)
		}
	}
}
