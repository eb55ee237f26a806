package fleet

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/resilgen/resilgen/internal/lease"
)

// A process does with its lease what a limiter of package resil does: callers who find no
// token wait for an answer that is under way, for [lease.Patience] at most, and while the
// store does not answer a bucket with the process's own part takes over.
type process struct {
	lease   lease.Lease
	part    *rate.Limiter
	waiting int           // callers in the line
	gaveUp  time.Duration // when those in the line will have given up
	looked  time.Duration // what an event is under way for, to look at the line; 0 for none
	stopped time.Duration // until then; 0 for not
	gate    gate
	lost    bool // the last ask failed
	id      int
}

func newProcess(s Scenario, id int) *process {
	p := &process{id: id, lease: *lease.New(s.Rate, 0), part: rate.NewLimiter(rate.Limit(s.Rate/float64(s.Processes)), max(s.Burst/s.Processes, 1))}
	p.lease.Resize(s.Rate, s.Processes)
	return p
}

// allow takes a token if there is one and nobody waits for it.
func (p *process) allow(w *world) bool {
	p.lease.Want()
	w.demand(p)
	if p.waiting > 0 {
		return false
	}
	return p.spend(w.now)
}

func (p *process) spend(now time.Duration) bool {
	if p.lease.Lost(now) {
		return p.part.AllowN(time.Time{}.Add(now), 1)
	}
	if !p.lease.Take(now) {
		return false
	}
	p.part.AllowN(time.Time{}.Add(now), 1)
	return true
}

// call is a caller who wants a token, and gives up at once where waiting for an answer is
// of no use.
func (p *process) call(w *world) {
	if p.allow(w) {
		w.admit(p)
		return
	}
	p.serve(w)
	patience := time.Duration(0)
	if !p.lease.Lost(w.now) {
		patience = p.lease.Patience(w.now)
	}
	if patience <= 0 || p.lease.Wait(w.now, p.waiting) > patience {
		return
	}
	p.waiting++
	p.gaveUp = w.now + patience
	p.serve(w)
}

// serve hands tokens to callers in the line, and sees to it that the line is looked at
// again.
func (p *process) serve(w *world) {
	for p.waiting > 0 && p.spend(w.now) {
		p.waiting--
		w.admit(p)
	}
	if p.waiting > 0 && w.now >= p.gaveUp {
		p.waiting = 0
	}
	if p.waiting == 0 {
		return
	}
	w.demand(p)
	for p.waiting > 0 && p.spend(w.now) { // ahead of the answer
		p.waiting--
		w.admit(p)
	}
	if p.waiting > 0 && p.looked != p.gaveUp {
		p.looked = p.gaveUp
		w.after(p.gaveUp-w.now, event{kind: look, who: p.id})
	}
}

// A gate is the breaker that package resilredis has before the store: three asks in a row
// that fail keep further ones back, for a time that doubles with each probe that fails.
type gate struct {
	failed int
	open   time.Duration // for how long, 0 for closed
	until  time.Duration
}

const (
	failures  = 3
	leastOpen = 250 * time.Millisecond
	mostOpen  = 2 * time.Second
)

func (g *gate) answered() { *g = gate{} }

func (g *gate) fail(now time.Duration, chance float64) {
	g.failed++
	switch {
	case g.open > 0:
		g.open = min(2*g.open, mostOpen)
	case g.failed >= failures:
		g.open = leastOpen
	default:
		return
	}
	g.until = now + time.Duration(float64(g.open)*(0.9+0.2*chance))
}
