package resil

import (
	"cmp"
	"context"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// limits are a limit as declared, with all its instances.
type limits struct {
	pool[*limiter]
	policy  atomic.Pointer[Limit] // in force; not to be changed
	waiting atomic.Int64          // attempts in the lines of all instances
}

func newLimits(c *Client, policy Limit) *limits {
	g := new(limits)
	g.policy.Store(&policy)
	g.init(c, &policy, func(e *entry) *limiter {
		policy := g.policy.Load()
		l := &limiter{pool: g, bucket: rate.NewLimiter(policy.limit(), policy.Burst), held: never}
		if policy.Extent == ExtentFleet && (e != nil || !g.scope.keyed()) {
			l.share(e)
		}
		return l
	})
	return g
}

// apply puts a policy in force. Buckets keep their tokens, and lines their places.
func (g *limits) apply(policy *Limit) {
	was := g.policy.Swap(policy)
	g.mode.Store(uint32(policy.Mode))
	if was.Rate != policy.Rate || was.Burst != policy.Burst || was.Hints != policy.Hints {
		g.each(func(l *limiter) { l.apply(policy) })
	}
}

func (l *limiter) apply(policy *Limit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.serve(now) // at the rate that was
	if l.leased != nil {
		l.divide(now)
	} else {
		l.bucket.SetLimitAt(l.at(now), policy.limit())
		l.bucket.SetBurstAt(l.at(now), policy.Burst)
	}
	if policy.Hints == HintsIgnored {
		l.held = never
	}
	if l.waiters.Len() > 0 {
		l.aim(now)
		l.serve(now)
	}
}

// limit is the policy's rate in tokens per second.
func (l *Limit) limit() rate.Limit { return rate.Limit(float64(l.Rate.Count) / l.Rate.Per.Seconds()) }

// A limiter is a token bucket with a line of callers who wait for a token. They
// reserve nothing: a reservation that is cancelled leaves a debt in the bucket when
// others came after it.
//
// The clock is read and the bucket asked under one lock, the line's: of two readings
// that reach the bucket in the wrong order, the older sets it back, and it fills the
// time between them twice. All times are those of client.now.
type limiter struct {
	pool   *limits
	bucket *rate.Limiter
	line
	held  time.Duration // until then a hint of the callee holds every attempt back
	due   time.Duration // when the first in the line gets its token; without a line it says nothing
	timer *time.Timer   // calls tick when to look again; nil until somebody has waited
	armed time.Duration // what the timer is set for, 0 for nothing

	leased *leased // where processes share the limit; nil where they do not
}

// maxLate is how late a token may be handed out that came for somebody in the line.
// Timers are late all the time, and a bucket that is full by then loses what comes
// meanwhile. A process that was stopped for longer must not make up for all of it.
const maxLate = 100 * time.Millisecond

// maxHeld bounds how long a hint holds a limiter back where no retry says it.
const maxHeld = 30 * time.Second

func (l *limiter) now() time.Duration { return l.pool.client.now() }

// at is a time of client.now as the bucket wants it.
func (l *limiter) at(t time.Duration) time.Time { return l.pool.client.base.Add(t) }

// allow takes a token if there is one and nobody waits for it. It also returns the time.
func (l *limiter) allow() (now time.Duration, ok bool) {
	l.mu.Lock()
	now = l.now()
	if l.leased != nil {
		ok = l.allowLeased(now)
	} else {
		ok = l.waiters.Len() == 0 && now >= l.held && l.bucket.AllowN(l.at(now), 1)
	}
	l.mu.Unlock()
	return now, ok
}

// await takes a token within the limit's patience and ctx's deadline. If none
// will be there in time, or the line is too long, it says so at once and takes
// nothing.
func (l *limiter) await(ctx context.Context) bool {
	policy := l.pool.policy.Load()
	if policy.Wait <= 0 && l.leased == nil {
		return false
	}
	deadline, hasDeadline := ctx.Deadline()
	l.mu.Lock()
	now := l.now()
	l.serve(now)
	if l.leased != nil && l.answered(now) {
		l.mu.Unlock()
		return true
	}
	turn, patience := l.turn(now), l.patience(now, policy)
	if patience <= 0 || turn-now > patience ||
		hasDeadline && turn >= deadline.Sub(l.pool.client.base) ||
		policy.Queue > 0 && l.waiters.Len() >= policy.Queue {
		l.mu.Unlock()
		return false
	}
	place := l.join()
	l.serve(now)
	l.mu.Unlock()

	l.pool.waiting.Add(1)
	l.wait(ctx, place, patience)
	l.pool.waiting.Add(-1)
	dead := ctx.Err() != nil
	l.mu.Lock()
	defer l.mu.Unlock()
	now = l.now()
	l.serve(now) // the token may have come at the same moment
	quit := l.quit(place)
	if !quit && dead {
		l.giveBack(now)
	}
	l.serve(now)
	return !quit && !dead
}

// giveBack has the next get a token that its caller does not use. The caller holds mu.
func (l *limiter) giveBack(now time.Duration) {
	if l.leased == nil || l.isLost(now) {
		l.bucket.AllowN(l.at(now), -1)
		l.aim(now)
	} else if l.waiters.Len() > 0 { // else it is lost, as what is left of a lease
		l.admit()
	}
}

// serve hands the tokens that have come by now to the first in the line, and sets
// the timer for the next. Each is taken from the bucket at the time when it was due.
// The caller holds mu.
func (l *limiter) serve(now time.Duration) {
	var next time.Duration
	if l.leased != nil && !l.isLost(now) {
		next = l.serveLeased(now)
	} else {
		next = l.serveDue(now)
	}
	if l.waiters.Len() == 0 {
		next = 0
	}
	l.wake(now, next)
}

// serveDue serves the line from the bucket, and returns when the next token is due.
func (l *limiter) serveDue(now time.Duration) (next time.Duration) {
	l.due = max(l.due, now-maxLate)
	for l.waiters.Len() > 0 && l.due <= now {
		if l.bucket.AllowN(l.at(l.due), 1) {
			l.admit()
		}
		l.aim(l.due)
	}
	if l.leased != nil && l.waiters.Len() > 0 {
		l.demand(now) // the store may answer again
	}
	return l.due
}

// wake sets the timer, or stops it for 0.
func (l *limiter) wake(now, next time.Duration) {
	if next == l.armed {
		return
	}
	l.armed = next
	switch {
	case next == 0:
		l.timer.Stop()
	case l.timer == nil:
		l.timer = time.AfterFunc(next-now, l.tick)
	default:
		l.timer.Reset(next - now)
	}
}

// tick serves the line when the timer says that a token may be there. It runs on a
// goroutine of the timer's and waits for nothing but the lock.
func (l *limiter) tick() {
	l.mu.Lock()
	l.armed = 0
	l.serve(l.now())
	l.mu.Unlock()
}

// aim makes due the first time, from the given one on, at which the bucket grants a
// token and no hint holds it back. It asks the bucket again until it agrees, because
// the bucket rounds. The caller holds mu.
func (l *limiter) aim(from time.Duration) {
	l.due = max(from, l.held)
	for {
		wait := l.fill(1 - l.bucket.TokensAt(l.at(l.due)))
		if wait == 0 {
			return
		}
		l.due += wait
	}
}

// turn returns when a newcomer gets its token if nobody in the line gives up. The
// caller holds mu.
func (l *limiter) turn(now time.Duration) time.Duration {
	ahead := l.waiters.Len()
	if l.leased != nil && !l.isLost(now) {
		return max(later(now, l.leased.lease.Wait(now, ahead)), l.held)
	}
	if ahead == 0 {
		l.aim(now)
	}
	there := max(l.bucket.TokensAt(l.at(l.due)), 1)
	return l.due + l.fill(float64(1+ahead)-there)
}

// fill is how long so many tokens take to come, in whole nanoseconds as the bucket
// counts them, and no longer than from due to the end of time.
func (l *limiter) fill(tokens float64) time.Duration {
	return clamp(tokens/float64(l.bucket.Limit())*float64(time.Second), math.MaxInt64-max(l.due, 0))
}

// hold keeps all tokens back for a time, from now on. The line stays as it is.
func (l *limiter) hold(now, d time.Duration) {
	if l.pool.policy.Load().Hints == HintsIgnored {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = max(l.held, later(now, d))
	l.aim(l.due)
	l.serve(now)
}

// holdBack has the method's limiter obey a hint of the callee, for no longer than
// the method's own retries would wait for it.
func (m *Method) holdBack(hint time.Duration) {
	if m.limiter != nil && hint > 0 {
		m.limiter.hold(m.client.now(), min(hint, cmp.Or(m.terms.Load().retry.Max, maxHeld)))
	}
}

// retryAfter is the time until a newcomer gets a token, rounded up: by then it is
// there. Where other processes share the limit, it is an estimate.
func (l *limiter) retryAfter() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	return l.turn(now) - now
}

// idle reports whether the bucket is full and neither a line nor a hint is there.
func (l *limiter) idle(now, _ time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.bucket.TokensAt(l.at(now)) >= float64(l.bucket.Burst())
	if l.leased != nil {
		full = l.isSpent(now, full)
	}
	return full && l.waiters.Len() == 0 && now >= l.held
}
