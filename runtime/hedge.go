package resil

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Hedged is [Call] for methods with a [Hedge]: while no attempt has been answered,
// it starts another each Delay, at most Max. Each takes a token of the retry budget
// and passes every guard; one that is refused does not start.
//
// The first success wins, or the first error that another attempt would not change
// (of a class that is not in the retry's On, or in its default where there is no
// retry), and cancels the other attempts' contexts. An attempt that fails otherwise
// starts the next hedge at once. One whose callee asks to be left alone does not, and
// holds further hedges back for that time; a [Throttled] one that does not say how
// long leaves them to their time. Where all attempts under way have failed, the
// results are those of the first.
//
// Hedged returns when all have ended: it leaves no goroutine behind. f is called by
// several goroutines at once. The results of all attempts but the one that it returns
// go to discard, which may be nil; of those that failed they are often zero. A panic
// in a hedge becomes a panic of the caller, with a [*HedgePanic], and runtime.Goexit
// in a hedge ends the caller's goroutine.
func Hedged[T any](ctx context.Context, m *Method, f func(context.Context) (T, error), discard func(T)) (T, error) {
	t := m.terms.Load()
	lanes := make([]T, 1+t.hedge.Max)
	r := new(race)
	*r = race{
		run: func(ctx context.Context, lane int) (err error) {
			lanes[lane], err = f(ctx)
			return err
		},
		discard: func(lane int) {
			if r.holds != nil {
				defer r.holds[lane].release()
			}
			thrown := lanes[lane]
			lanes[lane] = *new(T) // first: discard may panic, and must not get it twice
			if discard != nil {
				discard(thrown)
			}
		},
	}
	if m.outlives {
		r.holds = make([]*lasting, len(lanes))
	}
	err := m.engine(ctx, nil, r, nil, t)
	return lanes[r.kept], err
}

// A HedgePanic is a panic that happened in a hedge, on a goroutine of its own.
type HedgePanic struct {
	Value any    // of the panic
	Stack []byte // of the goroutine of the hedge, as text
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
	kept    int        // the lane whose results the call returns
	holds   []*lasting // contexts of the lanes, where results outlive the call
	raced   bool       // an earlier round has left results there
}

// A round of a race is an attempt and its hedges.
type round struct {
	*race
	method *Method
	ctx    context.Context // the caller's under the total timeout, canceled by who wins
	cancel context.CancelFunc
	before call          // what is known of the call from earlier rounds
	began  time.Duration // where somebody asks

	ended sync.WaitGroup // the hedges under way, and the timer that starts the next

	mu       sync.Mutex
	running  int         // lanes under way
	next     int         // the lane that is to start next
	timer    *time.Timer // that starts it; set while there is one to start
	due      time.Time   // when it does
	held     time.Time   // no hedge starts before
	over     bool        // no hedge starts any more
	reached  []int       // the lanes that reached the callee
	counted  int         // those of them that are in the counters of classes
	winner   *call       // nil for none yet
	won      int         // its lane
	failed   *call       // the last of the hedges that failed
	lost     int         // its lane
	earlier  error       // the last of a lane that said more than that time ran out
	panicked *HedgePanic
	exited   bool // a hedge has ended its goroutine

	outlasted bool // a lane has, by a timeout that only observes
}

// race makes an attempt and, as long as it takes, hedges beside it. It stands in
// the place of c.try.
func (c *call) race(ctx context.Context, r *race) (err error) {
	m := c.method
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o := &round{race: r, method: m, ctx: ctx, cancel: cancel, running: 1, next: 1}
	// The hedges must not hold c, which lives on its caller's stack.
	o.before = call{method: m, terms: c.terms, caller: c.caller, totalSet: c.totalSet, attempts: c.attempts, attempt: c.attempt, outcome: OutcomePanicked, racing: true}
	if c.terms.clocked || c.terms.watched.hedge > 0 {
		o.began = c.now()
		c.clock.waited()
	}
	if mayRepeat(c.caller) {
		o.mu.Lock()
		o.schedule(c.terms.hedge.Delay)
		o.mu.Unlock()
	}
	returned := false
	defer func() {
		if !returned {
			cancel() // a panic in the first attempt must not leave hedges behind
		}
		o.ended.Wait()
		r.raced = r.raced || len(o.reached) > 0
		c.attempts = o.before.attempts + len(o.reached)
		c.counted += o.counted
		c.outlasted = c.outlasted || o.outlasted
		kept := -1
		if returned && o.panicked == nil && !o.exited {
			err = c.conclude(o, err)
			kept = r.kept
		}
		outcome := c.outcome
		c.outcome = OutcomePanicked // if discard panics, too
		defer func() {
			if c.outcome == OutcomePanicked && o.winner != nil && o.winner.class == Success {
				m.counts.classes[Success].Add(1) // nobody gets it
				c.counted++
			}
		}()
		o.discardBut(kept)
		switch {
		case kept >= 0:
			c.outcome = outcome
			if o.winner != nil && kept > 0 {
				m.counts.hedgeWins.Add(1)
			}
		case o.panicked != nil:
			panic(o.panicked)
		case o.exited:
			runtime.Goexit()
		}
	}()
	own, err := o.try(0)
	if c.terms.watched.hedge > 0 {
		c.clock.waited()
		c.wouldHedge(own, c.now()-o.began)
	}
	c.attempt, c.outcome = own.attempt, own.outcome
	returned = true
	return err
}

// conclude takes the end of the call, and the lane whose results it returns, from a
// round whose lanes have all returned. err is that of the first attempt, if it was
// refused.
func (c *call) conclude(o *round, err error) error {
	switch {
	case o.winner != nil:
		c.attempt, c.outcome, o.kept = o.winner.attempt, o.winner.outcome, o.won
		return nil
	case o.failed != nil && !slices.Contains(o.reached, 0):
		// The first attempt was refused, and a hedge has failed.
		c.attempt, o.kept = o.failed.attempt, o.lost
		c.keep(o)
		if own, ok := err.(*Error); ok {
			return c.failureAfter(own)
		}
		return c.stop(err)
	case len(o.reached) > 0:
		o.kept = 0
		c.keep(o)
	}
	return err
}

// keep takes from the lanes of a round that failed what the call is to know beside
// the attempt that stands for them.
func (c *call) keep(o *round) {
	if o.earlier != nil {
		c.earlier = o.earlier
	}
	c.hint = max(time.Until(o.held), 0)
}

// try makes the attempt of a lane.
func (o *round) try(lane int) (own *call, err error) {
	own = new(call)
	*own = o.before
	own.attempts += lane
	own.hedge = lane > 0
	defer func() { o.arrive(own, lane) }()
	return own, own.try(o.ctx, func(ctx context.Context) error {
		o.depart(lane)
		if own.method.faults != nil {
			return own.strike(ctx, func(ctx context.Context) error { return o.run(ctx, lane) })
		}
		return o.run(ctx, lane)
	})
}

// hedge makes the attempt of a lane that begin has returned.
func (o *round) hedge(lane int) {
	m := o.method
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		o.mu.Lock()
		if v != nil {
			o.panicked = &HedgePanic{Value: v, Stack: debug.Stack()}
		} else {
			o.exited = true
		}
		o.mu.Unlock()
		o.cancel()
	}()
	t, ok := m.spend(o.before.terms)
	if !ok {
		o.leave()
		returned = true
		return
	}
	if own, _ := o.try(lane); own.attempts == o.before.attempts+lane {
		m.refund(t) // refused: no hedge
	}
	returned = true
}

// schedule sets the timer for the next hedge, if there is one. The caller holds
// o.mu.
func (o *round) schedule(wait time.Duration) {
	if o.over || o.next > o.before.terms.hedge.Max {
		o.timer = nil
		return
	}
	o.ended.Add(1)
	o.due = time.Now().Add(wait)
	o.timer = time.AfterFunc(wait, func() {
		defer o.ended.Done()
		o.mu.Lock()
		lane, ok := o.begin()
		o.mu.Unlock()
		if ok {
			o.hedge(lane)
		}
	})
}

// unschedule reports whether it has kept the timer from starting a hedge. The
// caller holds o.mu.
func (o *round) unschedule() bool {
	if o.timer == nil || !o.timer.Stop() {
		return false
	}
	o.ended.Done()
	return true
}

// begin returns the next lane, which is under way now, and sets the timer for the
// one after it. There is none where the round is over or hedges are held back. The
// caller holds o.mu.
func (o *round) begin() (lane int, ok bool) {
	if o.over || o.ctx.Err() != nil {
		return 0, false
	}
	if wait := time.Until(o.held); wait > 0 {
		o.schedule(wait)
		return 0, false
	}
	lane = o.next
	o.next++
	o.running++
	o.schedule(o.before.terms.hedge.Delay)
	return lane, true
}

// depart notes that a lane reaches the callee. What an earlier round has left is
// thrown away when it is about to be replaced, and not before.
func (o *round) depart(lane int) {
	o.reach(lane)
	if m := o.method; lane > 0 && m.events != nil {
		m.event(o.before.caller, &Event{Kind: EventHedgeStarted, Attempt: o.before.attempts + lane + 1, Delay: m.client.now() - o.began})
	}
}

func (o *round) reach(lane int) {
	o.mu.Lock()
	defer o.mu.Unlock() // if discard panics, too
	o.reached = append(o.reached, lane)
	if len(o.reached) == 1 && o.raced {
		o.discard(o.kept)
	}
}

// arrive notes what became of a lane, on a panic too.
func (o *round) arrive(own *call, lane int) {
	defer o.leave()
	tells := own.tells() // asks methods of the callee's errors, so not under the lock
	o.mu.Lock()
	defer o.mu.Unlock()
	reached := slices.Contains(o.reached, lane)
	counts := &o.method.counts
	if o.holds != nil {
		o.holds[lane] = own.held
	}
	o.counted += own.counted
	if reached && lane > 0 {
		counts.hedges.Add(1)
	}
	o.outlasted = o.outlasted || own.outlasted
	switch {
	case !reached, own.outcome == OutcomePanicked:
	case o.winner != nil:
		if own.class == Success {
			counts.classes[Success].Add(1) // the winner's is counted with the call
			o.counted++
		}
	case own.class == Success, own.answered():
		o.winner, o.won, o.over = own, lane, true
		o.cancel()
	default:
		o.fail(own, lane, tells)
	}
}

// answered reports whether a failed attempt is an answer, in that another attempt
// would not change it.
func (c *call) answered() bool {
	return c.class != Canceled && !c.timedOut && !c.mayPass
}

// fail notes a lane that failed, which starts the next hedge or holds it back. tells
// is what own.tells returns. The caller holds o.mu.
func (o *round) fail(own *call, lane int, tells bool) {
	if lane > 0 {
		o.failed, o.lost = own, lane
	}
	if tells && (!own.timedOut || o.earlier == nil) {
		o.earlier = own.err
	}
	now := time.Now()
	if until := now.Add(own.hint); own.hint > 0 && until.After(o.held) {
		o.held = until
		if until.After(o.due) && o.unschedule() {
			o.schedule(own.hint)
		}
	}
	if own.class == Throttled || now.Before(o.held) || !o.unschedule() {
		return
	}
	if next, ok := o.begin(); ok {
		o.ended.Go(func() { o.hedge(next) })
	}
}

// leave ends a lane, and the round with the last one under way.
func (o *round) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running--
	o.over = o.over || o.running == 0
	if o.over {
		o.unschedule()
	}
}

// discardBut throws away the results of the round, except those of lane kept, where
// that is not negative; and those too if discard panics, because nobody gets them then.
func (o *round) discardBut(kept int) {
	thrown := false
	defer func() {
		if !thrown && kept >= 0 {
			o.discard(kept)
		}
	}()
	o.discardAll(kept)
	thrown = true
}

// discardAll throws away the results of all lanes of the round but one. Where discard
// panics, it still gets the others.
func (o *round) discardAll(but int) {
	for _, lane := range o.reached {
		if lane != but {
			defer o.discard(lane)
		}
	}
}
