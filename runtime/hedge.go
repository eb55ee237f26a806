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
	winner  int   // the lane whose results the call returns
	ran     []int // the lanes that reached the callee, all rounds together
}

// race makes an attempt and, as long as it takes, hedges beside it. It stands in
// the place of c.attempt.
func (c *call) race(ctx context.Context, r *race) (first attempt) {
	m := c.method
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, lane := range r.ran {
		r.discard(lane) // results of a round that failed
	}
	r.ran, r.winner = nil, -1

	var mu sync.Mutex
	var panicked *HedgePanic
	// The goroutines below must not hold c, which lives on its caller's stack.
	caller, last, before, reached := c.caller, c.last, c.attempts, 0
	enter := func(lane int) attempt {
		own := &call{method: m, caller: caller, last: last, attempts: before + lane}
		a := own.attempt(ctx, func(ctx context.Context) error { return r.run(ctx, lane) })
		mu.Lock()
		defer mu.Unlock()
		if own.attempts > before+lane {
			reached++
			r.ran = append(r.ran, lane)
			if lane > 0 {
				m.counts.hedges.Add(1)
			}
		}
		switch {
		case a.class != Success:
		case r.winner < 0:
			r.winner = lane
			cancel()
		default:
			m.counts.classes[Success].Add(1) // the winner's is booked with the call
		}
		return a
	}

	var hedges sync.WaitGroup
	var timers []*time.Timer
	if mayRepeat(caller) {
		for lane := 1; lane <= m.hedge.Max; lane++ {
			hedges.Add(1)
			delay := time.Duration(lane) * m.hedge.Delay
			timers = append(timers, time.AfterFunc(delay, func() {
				defer hedges.Done()
				defer func() {
					if v := recover(); v != nil {
						mu.Lock()
						panicked = &HedgePanic{Value: v, Stack: debug.Stack()}
						mu.Unlock()
						cancel()
					}
				}()
				if ctx.Err() != nil || !m.spend() {
					return
				}
				if m.client.events != nil {
					m.event(caller, Event{Kind: HedgeStarted, Attempt: before + lane + 1, Delay: delay})
				}
				enter(lane)
			}))
		}
	}
	returned := false
	defer func() {
		if !returned {
			cancel() // a panic in the first attempt must not leave hedges behind
		}
		for _, timer := range timers {
			if timer.Stop() {
				hedges.Done()
			}
		}
		hedges.Wait()
		c.attempts = before + reached
		if panicked != nil {
			panic(panicked)
		}
		if r.winner > 0 {
			m.counts.hedgeWins.Add(1)
			first = attempt{class: Success, outcome: OutcomeSucceeded}
		}
		r.winner = max(r.winner, 0)
		for _, lane := range r.ran {
			if lane != r.winner {
				r.discard(lane)
			}
		}
		r.ran = []int{r.winner}
	}()
	first = enter(0)
	returned = true
	return first
}
