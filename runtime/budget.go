package resil

import (
	"math"
	"sync"
	"time"
)

// A budget is what a client may spend on retries and hedges, a token each: a share
// of the answers of the last ten seconds and, so that a quiet client can still
// retry, a reserve. Tokens that were spent more than ten seconds ago do not count
// either. (After Finagle's RetryBudget.)
//
// Nobody counts answers for the budget. It reads the methods' own counters when a
// token is asked for. Because counters do not tell how old an answer is, it also
// reads a method's at each of its answers while those are few, and after every
// thousandth part of ten seconds' answers while they are many. A call that succeeds
// at once pays a load for that.
type budget struct {
	mu       sync.Mutex
	share    Ratio // 0: no bound
	answered recent
	spent    recent // on account of answers
	reserve  reserve
}

const (
	budgetWindow  = 10 * time.Second
	reserveTokens = 10
	reserveEach   = 10 * time.Second // in which a token comes back
	reserveSpan   = reserveTokens * reserveEach

	// A method's answers in ten seconds between which its counters are read. Up to
	// twice as many are exact; of more, one in five hundred may be off.
	updates = 1024
)

// newBudget returns one without answers and with a full reserve.
func newBudget(share Ratio, now time.Duration) *budget {
	return &budget{share: share, reserve: fullReserve(now)}
}

// isBound reports whether there is a budget. New calls it, before the client is used.
func (b *budget) isBound() bool { return b != nil && b.share > 0 }

// apply changes the share. While there is no bound, nobody reads the counters.
func (b *budget) apply(plans []*plan, share Ratio, now time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	began := b.share == 0 && share > 0
	b.share = share
	for _, p := range plans {
		switch {
		case share == 0:
			p.leaveBudget()
		case began:
			p.tally = tally{answers: p.counts.answers(), at: now}
			p.counts.due.Store(0)
			p.counts.othersDue.Store(0)
		}
	}
}

// leaveBudget has the budget not read p's counters.
func (p *plan) leaveBudget() {
	p.counts.due.Store(math.MaxUint64)
	p.counts.othersDue.Store(math.MaxUint64)
}

// A half is what is kept of a key: it may spend half of what the client may, so
// that a key in trouble leaves some to the others. The client's budget guards it.
type half struct {
	spent   recent
	reserve reserve // of half the tokens, each of which takes twice the time
}

// newHalf returns that of a key which has spent nothing.
func newHalf(now time.Duration) *half { return &half{reserve: fullReserve(now)} }

// A token is one that was taken from the budget.
type token struct {
	taken    bool // false where there is no budget to draw on
	at       time.Duration
	reserved bool // it came from the reserve
}

// spend takes a token for plans' client, and from its key's half if that is not
// nil, or reports that there is none.
func (b *budget) spend(plans []*plan, own *half, now time.Duration) (t token, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.share == 0 {
		return t, true
	}
	for _, p := range plans {
		b.update(p, now)
	}
	t.taken, t.at = true, now
	answered := int64(b.share) * int64(b.answered.count(now))
	within := func(tokens int64) bool { return tokens*int64(hundredPercent) <= answered }
	if within(int64(b.spent.count(now))+1) && (own == nil || within(2*(int64(own.spent.count(now))+1))) {
		b.spent.add(now, 1)
		if own != nil {
			own.spent.add(now, 1)
		}
		return t, true
	}
	if !b.reserve.has(reserveEach, now) || own != nil && !own.reserve.has(2*reserveEach, now) {
		return t, false
	}
	t.reserved = true
	b.reserve.take(reserveEach, now)
	if own != nil {
		own.reserve.take(2*reserveEach, now)
	}
	return t, true
}

// refund gives a token back.
func (b *budget) refund(t token, own *half) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.reserved {
		b.reserve -= reserve(reserveEach)
		if own != nil {
			own.reserve -= reserve(2 * reserveEach)
		}
		return
	}
	b.spent.remove(t.at)
	if own != nil {
		own.spent.remove(t.at)
	}
}

// idle reports whether a key's half is as good as new.
func (b *budget) idle(own *half, now time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return own.spent.count(now) == 0 && own.reserve.at(now) == fullReserve(now)
}

// A tally is what a budget knows of a method's answers, and guards.
type tally struct {
	answers uint64
	at      time.Duration // when it was made
	unknown uint64        // how many more there may be, of any age since
	rate    float64       // answers in ten seconds, roughly
}

// update adds the answers in p's counters that are not in its tally. The caller
// holds b.mu.
func (b *budget) update(p *plan, now time.Duration) {
	atOnce, others := p.counts.atOnce.Load(), p.counts.others()
	answers := atOnce + others
	more := answers - p.tally.answers
	if more == 0 && p.tally.unknown == 0 {
		return // it would change nothing
	}
	elapsed := max(now-p.tally.at, 0)
	if elapsed >= budgetWindow {
		more -= min(more, p.tally.unknown) // they may be older than that
	}
	b.answered.add(now, more)
	rate := p.tally.rate*max(0, 1-elapsed.Seconds()/budgetWindow.Seconds()) + float64(more)
	step := max(uint64(rate)/updates, 1)
	p.tally = tally{answers: answers, at: max(now, p.tally.at), unknown: 2 * (step - 1), rate: rate}
	p.counts.due.Store(atOnce + step)
	p.counts.othersDue.Store(others + step)
}

// updateBudget has the client's budget read p's counters if that is due.
func (p *plan) updateBudget() {
	b := p.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.counts.updateDue() {
		b.update(p, p.client.now())
	}
}

// A recent counts what happened in the last ten seconds, to half a second.
type recent struct {
	slots [recentSlots]uint32
	last  int64 // the number of the newest slot since the client was made
}

const (
	recentSlots = 20
	recentSlot  = budgetWindow / recentSlots
)

// slot returns the number of now's slot, once the counter has moved on to it.
func (r *recent) slot(now time.Duration) int64 {
	n := int64(now / recentSlot)
	if n < r.last-recentSlots {
		*r = recent{last: n} // another clock's: that of a bubble of testing/synctest
	}
	for i := max(r.last, n-recentSlots); i < n; i++ {
		*r.at(i + 1) = 0
	}
	r.last = max(r.last, n)
	return r.last
}

func (r *recent) at(slot int64) *uint32 { return &r.slots[uint64(slot)%recentSlots] }

func (r *recent) add(now time.Duration, n uint64) { *r.at(r.slot(now)) += uint32(n) }

func (r *recent) count(now time.Duration) (n uint64) {
	r.slot(now)
	for _, s := range r.slots {
		n += uint64(s)
	}
	return n
}

// remove takes back one that was added at the given time.
func (r *recent) remove(at time.Duration) {
	if n := int64(at / recentSlot); n > r.last-recentSlots && n <= r.last && *r.at(n) > 0 {
		*r.at(n)--
	}
}

// A reserve is a token bucket, kept as the time at which it was empty, by
// client.now.
type reserve time.Duration

func fullReserve(now time.Duration) reserve { return reserve(now - reserveSpan) }

// has reports whether there is a token in a reserve that gets one back in each span
// of that length.
func (r reserve) has(each, now time.Duration) bool { return r.at(now)+reserve(each) <= reserve(now) }

// take takes a token that is there.
func (r *reserve) take(each, now time.Duration) { *r = r.at(now) + reserve(each) }

// at is r for a bucket that does not overflow. One that will be empty only in the
// future has another clock's time, and is taken for full.
func (r reserve) at(now time.Duration) reserve {
	if r > reserve(now) {
		return fullReserve(now)
	}
	return max(r, fullReserve(now))
}
