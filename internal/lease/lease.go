package lease

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	// TTL is how long tokens are good for, from the time when they were asked for.
	TTL = 200 * time.Millisecond

	// Pause is how long a process asks for nothing after it got less than it asked for.
	Pause = TTL / 4

	// Patience is how long a call may wait for an answer before one goes ahead of it.
	Patience = 5 * time.Millisecond

	maxPause = 5 * TTL // in a fleet of any size
	fair     = 1.5     // of an equal part, what one process may ask for at most
	cover    = 0.75    // of the calls in a lease, what is asked for: leases end with few tokens left
	most     = 1 << 30 // tokens in one ask

	crowd = 50 * time.Microsecond // of pause for each process that asks: together 20,000 asks a second
	slow  = 4                     // times as long as the answer took
)

// Depth is how many tokens the store's bucket must hold for a limit of rate tokens a second
// with a burst: at least what comes in a [Pause]. A smaller bucket overflows between two
// asks.
func Depth(rate float64, burst int) int {
	return max(burst, int(math.Ceil(min(rate*Pause.Seconds(), most))))
}

// A Lease is what one process holds of one limit. It needs a lock around it.
type Lease struct {
	rate  float64 // of the limit, in tokens a second
	fleet int     // processes known, 0 for none
	busy  int     // of them, those that ask, as the store says; 0 before its first answer

	grants  [4]grant // with tokens, oldest first
	held    int      // how many these are
	wanted  float64  // calls in a TTL, of late
	arrived int      // calls since
	folded  time.Duration
	half    int // tokens at which to ask again

	asked  int           // tokens that an ask under way wants, 0 for none
	at     time.Duration // of the last ask
	resume time.Duration // no ask before
	filled time.Duration // when the store has another token, as it said last
	boost  float64       // of the own part while the limit is reached, 0 while it is not
	capped bool          // the ask was for less than what was wanted
	debt   int           // tokens taken ahead of a grant
	lost   bool          // the last ask failed
}

type grant struct {
	tokens int
	until  time.Duration
}

// New returns a lease of a limit of rate tokens a second.
func New(rate float64, now time.Duration) *Lease {
	return &Lease{rate: rate, folded: now, at: now - TTL, resume: now}
}

// Resize says that the limit is rate tokens a second and that so many processes share it; 0
// for nobody knows.
func (l *Lease) Resize(rate float64, fleet int) { l.rate, l.fleet = rate, fleet }

// Want counts a call that wants a token, whether or not there is one.
func (l *Lease) Want() { l.arrived++ }

// Take takes a token, from a grant or ahead of one that is under way.
func (l *Lease) Take(now time.Duration) bool {
	l.expire(now)
	if l.held > 0 {
		if l.grants[0].tokens--; l.grants[0].tokens == 0 {
			l.shift()
		}
		return true
	}
	if l.asked > 0 && l.debt < l.ahead(now) {
		l.debt++
		return true
	}
	return false
}

// ahead is how many tokens may be taken ahead of grants.
func (l *Lease) ahead(now time.Duration) (tokens int) {
	if l.fleet > 0 {
		tokens = int(min(l.rate*TTL.Seconds()/float64(l.fleet), most))
	}
	if now-l.at >= Patience {
		tokens = max(tokens, 1)
	}
	return tokens
}

func (l *Lease) expire(now time.Duration) {
	for l.held > 0 && now >= l.grants[0].until {
		l.shift()
	}
}

func (l *Lease) shift() {
	copy(l.grants[:], l.grants[1:l.held])
	l.held--
}

// Tokens are those at hand.
func (l *Lease) Tokens(now time.Duration) (tokens int) {
	l.expire(now)
	for _, g := range l.grants[:l.held] {
		tokens += g.tokens
	}
	return tokens
}

// Ask returns how many tokens to ask the store for now, or 0. Of several asks at most one is
// under way: after Ask has returned more than 0 comes [Lease.Answer] or [Lease.Fail].
// waiting is how many calls wait for a token.
func (l *Lease) Ask(now time.Duration, waiting int) int {
	if l.asked > 0 || now < l.resume {
		return 0
	}
	tokens := l.Tokens(now)
	if tokens > l.half && waiting == 0 || l.held == len(l.grants) {
		return 0
	}
	target, most := max(l.target(now), tokens+waiting), l.part(now)
	l.capped = target > most
	target = min(target, most)
	if l.half = target / 2; tokens > l.half && waiting == 0 {
		return 0
	}
	l.asked = max(target-tokens, 1) + l.debt
	l.at = now
	return l.asked
}

// target is how many tokens are worth having.
func (l *Lease) target(now time.Duration) int {
	if passed := now - l.folded; passed > 0 {
		left := math.Exp(-passed.Seconds() / TTL.Seconds())
		l.wanted = l.wanted*left + float64(l.arrived)*(1-left)*TTL.Seconds()/passed.Seconds()
		l.arrived, l.folded = 0, now
	}
	return max(int(min(l.wanted*cover+rand.Float64(), most)), 1)
}

// part is how much of the limit one ask may be for.
func (l *Lease) part(now time.Duration) int {
	over := TTL.Seconds()
	boost := 1.0
	if l.boost > 0 {
		over = min(over, (now - l.at).Seconds())
		boost = l.boost
	}
	// Rounding by chance keeps parts of less than a token fair.
	return max(int(min(fair*boost*l.rate*over/float64(max(l.busy, 1))+rand.Float64(), most)), 1)
}

// A Grant is the store's answer.
type Grant struct {
	Tokens int           // no more than were asked for
	Busy   int           // processes that have asked for tokens of the limit of late: see [Recent]
	Next   time.Duration // until the store has another token; 0 if it has
}

// Answer ends an ask with what the store said.
func (l *Lease) Answer(now time.Duration, g Grant) {
	if l.asked == 0 {
		return
	}
	tokens := g.Tokens
	got := float64(tokens) / float64(l.asked)
	l.asked, l.lost, l.busy, l.filled = 0, false, max(g.Busy, 1), now+min(g.Next, forever)
	switch {
	case got < 1:
		l.boost = max(l.boost*got, 1)
	case l.boost > 0 && l.capped:
		l.boost *= 2
	default:
		l.boost = 0
	}
	if l.boost > 0 {
		l.pause(now, min(max(Pause, time.Duration(float64(l.own(1))/fair), l.relief(now)), maxPause))
	}
	paid := min(tokens, l.debt)
	l.debt -= paid
	if tokens -= paid; tokens > 0 && l.held < len(l.grants) {
		l.grants[l.held] = grant{tokens, l.at + TTL}
		l.held++
	}
}

// relief is how long to pause for the good of the store: the longer, the more processes ask
// it, and the slower it was to answer.
func (l *Lease) relief(now time.Duration) time.Duration {
	return max(time.Duration(l.busy)*crowd, min(slow*(now-l.at), TTL))
}

// Fail ends an ask that the store has not answered. Tokens that were taken ahead of it are
// still to be paid back: forgotten, each ask that fails would bring as many again.
func (l *Lease) Fail(now time.Duration) {
	if l.asked == 0 {
		return
	}
	l.asked, l.boost, l.lost = 0, 0, true
	l.pause(now, Pause)
}

// pause has the next ask wait for a time, a quarter more or less: processes that were
// refused together do not ask together.
func (l *Lease) pause(now, d time.Duration) {
	l.resume = now + d - d/4 + rand.N(d/2+1)
}

// Lost reports whether the store does not answer. The process must limit itself then.
func (l *Lease) Lost(now time.Duration) bool {
	return l.lost || l.asked > 0 && now-l.at > TTL
}

// Next is when to look again for those who wait, if no answer comes before.
func (l *Lease) Next(now time.Duration) time.Duration {
	switch {
	case l.asked == 0:
		return max(l.resume, now)
	case now < l.at+Patience:
		return l.at + Patience
	}
	return max(l.at+TTL, now) + 1
}

// Patience is how long a call may wait for an answer that is under way.
func (l *Lease) Patience(now time.Duration) time.Duration {
	if l.asked == 0 {
		return 0
	}
	return max(l.at+Patience-now, 0)
}

// Wait is an estimate of the time until a call gets a token behind others that wait: when
// an answer may be there and, where the limit is reached, when the store has a token, and
// what the process's own part takes to come.
func (l *Lease) Wait(now time.Duration, ahead int) time.Duration {
	wait := max(l.Next(now)-now, l.filled-now, time.Millisecond)
	if l.boost > 0 {
		wait += l.own(ahead)
	}
	return wait
}

// Idle reports whether the lease may be forgotten, if the process's own part has come since
// for what it took ahead: then a debt is no reason to keep it, nor is a lost store, which a
// lease that nobody uses would never find again.
func (l *Lease) Idle(now time.Duration) bool {
	return l.asked == 0 && l.Tokens(now) == 0 && now-l.at > maxPause
}

// Owes reports whether tokens were taken ahead of grants that have not come yet.
func (l *Lease) Owes() bool { return l.debt > 0 }

// own is how long so many tokens take to come, of the part of one process that asks.
func (l *Lease) own(tokens int) time.Duration {
	return seconds(float64(tokens) * float64(max(l.busy, 1)) / l.rate)
}

const forever = math.MaxInt64 / 4

func seconds(s float64) time.Duration {
	return time.Duration(min(s*float64(time.Second), forever))
}
