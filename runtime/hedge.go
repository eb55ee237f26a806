package resil

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Hedged is [Call] for methods with a [Hedge]: while no attempt has succeeded, it
// starts another each Delay, at most Max. Each takes a token of the retry budget
// and passes every guard; one that is refused does not start.
//
// The first success wins and cancels the other attempts' contexts. Hedged returns
// when all have ended: it leaves no goroutine behind. f is called by several
// goroutines at once. The results of attempts that did not win go to discard,
// which may be nil. A panic in a hedge is raised again as a [*HedgePanic].
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
	return lanes[r.winner], err
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
	winner  int // the lane whose results the call returns

	mu       sync.Mutex
	ran      []int // the lanes whose results are held
	panicked *HedgePanic
}

// race makes an attempt and, as long as it takes, hedges beside it. It stands in
// the place of c.try.
func (c *call) race(ctx context.Context, r *race) (err error) {
	m := c.method
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, lane := range r.ran {
		r.discard(lane) // of a round that failed
	}
	r.ran, r.winner = nil, -1

	// The hedges must not hold c, which lives on its caller's stack.
	caller, last, before := c.caller, c.attempt, c.attempts
	try := func(lane int) (*call, error) {
		own := &call{method: m, caller: caller, attempts: before + lane, attempt: last}
		defer func() { r.arrive(own, lane, own.attempts > before+lane, cancel) }()
		return own, own.try(ctx, func(ctx context.Context) error { return r.run(ctx, lane) })
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
		if m.events != nil {
			m.event(caller, Event{Kind: HedgeStarted, Attempt: before + lane + 1, Delay: delay})
		}
		try(lane)
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
		c.attempts = before + len(r.ran)
		if r.panicked != nil {
			c.outcome = OutcomePanicked
			panic(r.panicked)
		}
		if r.winner >= 0 {
			c.attempt, c.outcome, err = attempt{class: Success}, OutcomeSucceeded, nil
		}
		if r.winner > 0 {
			m.counts.hedgeWins.Add(1)
		}
		r.winner = max(r.winner, 0)
		for _, lane := range r.ran {
			if lane != r.winner {
				r.discard(lane)
			}
		}
		r.ran = []int{r.winner}
	}()
	first, err := try(0)
	c.attempt, c.outcome = first.attempt, first.outcome
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

// arrive notes what became of a lane, on a panic too.
func (r *race) arrive(own *call, lane int, reached bool, cancel context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !reached {
		return
	}
	r.ran = append(r.ran, lane)
	counts := &own.method.counts
	if lane > 0 {
		counts.hedges.Add(1)
	}
	switch {
	case own.outcome != OutcomeSucceeded:
	case r.winner < 0:
		r.winner = lane
		cancel()
	default:
		counts.classes[Success].Add(1) // the winner's is booked with the call
	}
}
