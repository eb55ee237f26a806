package resil

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/resilgen/resilgen/internal/lease"
)

// An Ask is a limit's wish for tokens that the processes of a [Fleet] share. It must not be
// changed, and is not to be used after it was answered.
//
// The store keeps a token bucket for each Member's name, Limit and Key. It holds up to Burst
// tokens and gains Rate. A grant is for the whole of Tokens, or for what there is. Nothing is
// given back: tokens that were granted are good for 200 ms, and those that were not spent are
// lost. So all processes together admit, in any time W, at most
//
//	rate × W + burst + rate × 200 ms + ahead
//
// where ahead is what processes admit before an answer that is under way, and pay back from
// the next grants: together at most rate × 200 ms, or one of each process where that is more.
// While the store does not answer, each process keeps to rate and burst divided by the
// number of processes that was known last, but to no less than a burst of 1. While only some
// processes have no answer, all together admit rate × W × their share more.
type Ask struct {
	Member *Member
	Limit  string // name of the limit
	Key    string // text of the key; "" where the limit is not kept by key
	Rate   Rate
	Burst  int // of the limit, or what the rate brings in 50 ms where that is more
	Tokens int // how many are asked for

	limiter *limiter
}

// A Grant is what a store answers to an [Ask].
type Grant struct {
	Tokens int           // that are granted; 0 for none
	Busy   int           // processes that have asked for tokens of this limit and key in the last second, this one included
	Next   time.Duration // until the store has another token; 0 if it has one
}

// Answer ends an ask. err is not nil where the store did not answer; then g says nothing.
func (a *Ask) Answer(g Grant, err error) {
	l, m := a.limiter, a.Member
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.serve(now) // what is late was there before
	if err != nil {
		m.failed.Add(1)
		l.leased.lease.Fail(now)
	} else {
		g.Tokens, g.Next = min(max(g.Tokens, 0), a.Tokens), max(g.Next, 0)
		m.asks.Add(1)
		m.asked.Add(uint64(a.Tokens))
		m.granted.Add(uint64(g.Tokens))
		l.leased.lease.Answer(now, lease.Grant(g))
	}
	l.serve(now)
}

// leased is what a limiter keeps that shares its limit with other processes. Its tokens come
// from a lease. The limiter's bucket has the part of one process: it is charged with what the
// lease grants, and takes over while the store does not answer. Having been charged, it then
// holds what this process has left of its part, and not a burst on top of what was admitted.
type leased struct {
	lease     lease.Lease
	ask       Ask
	processes int  // that are known, by which the bucket's rate is divided; 0 for none
	lost      bool // the bucket has taken over
}

// share makes the limiter's limit one of the fleet. The entry is that of its key, if any.
func (l *limiter) share(e *entry) {
	c := l.pool.client
	policy := l.pool.policy.Load()
	l.leased = &leased{lease: *lease.New(float64(policy.limit()), c.now())}
	l.leased.ask = Ask{Member: c.member, Limit: l.pool.name, Key: e.text(), limiter: l}
	l.divide(l.now())
}

// divide gives the bucket the part of one process, by the policy and the number of processes
// that there are now. The caller holds mu, or nobody else has the limiter.
func (l *limiter) divide(now time.Duration) {
	q, policy := l.leased, l.pool.policy.Load()
	q.processes = int(l.pool.client.member.processes.Load())
	q.lease.Resize(float64(policy.limit()), q.processes)
	parts := max(q.processes, 1)
	l.bucket.SetLimitAt(l.at(now), policy.limit()/rate.Limit(parts))
	l.bucket.SetBurstAt(l.at(now), max(policy.Burst/parts, 1))
}

// demand asks the fleet for tokens if it is time. The caller holds mu.
func (l *limiter) demand(now time.Duration) {
	q := l.leased
	n := q.lease.Ask(now, l.waiters.Len())
	if n == 0 {
		return
	}
	m := l.pool.client.member
	if int(m.processes.Load()) != q.processes {
		l.divide(now)
	}
	policy := l.pool.policy.Load()
	q.ask.Rate, q.ask.Burst, q.ask.Tokens = policy.Rate, lease.Depth(float64(policy.limit()), policy.Burst), n
	m.fleet.Ask(&q.ask)
}

// isLost reports whether the bucket has to serve, and has it take over when that begins. The
// caller holds mu.
func (l *limiter) isLost(now time.Duration) bool {
	q := l.leased
	if lost := q.lease.Lost(now); lost != q.lost {
		if q.lost = lost; lost {
			l.divide(now)
			l.aim(now)
		}
	}
	return q.lost
}

// allowLeased is allow for a limiter that shares its limit. The caller holds mu.
func (l *limiter) allowLeased(now time.Duration) bool {
	l.leased.lease.Want()
	if now < l.held {
		return false
	}
	l.demand(now)
	switch {
	case l.waiters.Len() > 0:
		return false
	case l.isLost(now):
		return l.bucket.AllowN(l.at(now), 1)
	}
	return l.spend(now)
}

// spend takes a token of the lease. The caller holds mu.
func (l *limiter) spend(now time.Duration) bool {
	if !l.leased.lease.Take(now) {
		return false
	}
	l.bucket.AllowN(l.at(now), 1)
	return true
}

// serveLeased hands tokens of the lease to the first in the line, and returns when to look
// again. The caller holds mu.
func (l *limiter) serveLeased(now time.Duration) (next time.Duration) {
	if now < l.held {
		return l.held
	}
	for l.waiters.Len() > 0 && l.spend(now) {
		l.admit()
	}
	if l.waiters.Len() > 0 {
		l.demand(now)
	}
	for l.waiters.Len() > 0 && l.spend(now) { // ahead of the answer
		l.admit()
	}
	return l.leased.lease.Next(now)
}

// answered takes a token that has come since allow found none. The caller holds mu.
func (l *limiter) answered(now time.Duration) bool {
	return l.waiters.Len() == 0 && now >= l.held && !l.isLost(now) && l.spend(now)
}

// patience is how long a caller waits for a token at most: as long as the policy says, or
// for a few milliseconds where an answer of the fleet is under way. The caller holds mu.
func (l *limiter) patience(now time.Duration, policy *Limit) time.Duration {
	if l.leased == nil || now < l.held || l.isLost(now) {
		return policy.Wait
	}
	return max(policy.Wait, l.leased.lease.Patience(now))
}

// isSpent reports whether nothing is lost by forgetting the limiter, where full says that
// the bucket is full again. While the store keeps count, an empty bucket is no reason to
// remember: of many processes, the part of one may take hours to come. Where there are more
// keys than places, an outage may so bring one burst more. The caller holds mu.
func (l *limiter) isSpent(now time.Duration, full bool) bool {
	q := &l.leased.lease
	return q.Idle(now) && (full || !l.isLost(now) && !q.Owes())
}
