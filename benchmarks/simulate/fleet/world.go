package fleet

import (
	"math"
	"math/rand/v2"
	"time"

	"golang.org/x/time/rate"
)

// A world is a scenario being played.
type world struct {
	Scenario
	now       time.Duration
	processes []*process
	store     server
	ideal     *rate.Limiter // one bucket that all processes could ask at no cost
	events    events
	chance    *rand.Rand
	record    *Record
}

// Run plays a scenario.
func (s Scenario) Run() *Record {
	w := &world{Scenario: s, chance: rand.New(rand.NewPCG(s.Seed, 1)), record: newRecord(s), ideal: rate.NewLimiter(rate.Limit(s.Rate), s.Burst)}
	w.store = newServer(s)
	for i := range s.Processes {
		w.processes = append(w.processes, newProcess(s, i))
	}
	for _, e := range s.Stopped {
		w.events.add(event{at: e.From, kind: stop, who: e.Process, until: e.To})
	}
	next := make([]time.Duration, len(s.Calls)) // of each stream
	for i := range next {
		next[i] = w.next(s.Calls[i], s.Calls[i].Begins)
	}
	for {
		i := 0
		for k := range next {
			if next[k] < next[i] {
				i = k
			}
		}
		if len(w.events) > 0 && w.events[0].at <= next[i] {
			e := w.events.take()
			if w.now = e.at; w.now >= s.Lasts {
				return w.record.end()
			}
			w.happen(e)
			continue
		}
		if w.now = next[i]; w.now >= s.Lasts {
			return w.record.end()
		}
		stream := s.Calls[i]
		if stream.Processes == 0 {
			stream.Processes = s.Processes
		}
		w.happen(event{at: w.now, kind: call, who: stream.First + w.chance.IntN(stream.Processes)})
		next[i] = w.next(stream, w.now)
	}
}

// next is when a stream has its first call after a time.
func (w *world) next(s Stream, after time.Duration) time.Duration {
	if s.PerSecond <= 0 {
		return math.MaxInt64
	}
	at := after + time.Duration(w.chance.ExpFloat64()/s.PerSecond*float64(time.Second))
	if s.Every > 0 {
		for (at-s.Begins)%s.Every >= s.On { // what would come in a break comes not at all
			at += s.Every - (at-s.Begins)%s.Every + time.Duration(w.chance.ExpFloat64()/s.PerSecond*float64(time.Second))
		}
	}
	return at
}

func (w *world) after(d time.Duration, e event) {
	e.at = w.now + d
	w.events.add(e)
}

// demand has a process ask if it is time.
func (w *world) demand(p *process) {
	n := p.lease.Ask(w.now, p.waiting)
	if n == 0 {
		return
	}
	if w.now < p.gate.until {
		w.after(0, event{kind: fail, who: p.id})
		return
	}
	w.record.ask(w.now)
	w.after(w.store.oneWay(), event{kind: arrive, who: p.id, tokens: n, sent: w.now})
}

func (w *world) admit(p *process) { w.record.admit(w.now, p.id) }

// happen is what an event does.
func (w *world) happen(e event) {
	p := w.processes[e.who]
	if e.kind == arrive {
		w.arrive(e)
		return
	}
	if w.now < p.stopped {
		w.after(p.stopped-w.now, e)
		return
	}
	switch e.kind {
	case call:
		w.record.call(w.now)
		if w.ideal.AllowN(time.Time{}.Add(w.now), 1) {
			w.record.could(w.now)
		}
		p.call(w)
	case answer:
		p.serve(w)
		p.lease.Answer(w.now, e.grant())
		p.gate.answered()
		w.lose(p, false)
		p.serve(w)
	case fail:
		p.serve(w)
		p.lease.Fail(w.now)
		if w.now >= p.gate.until { // it was sent
			p.gate.fail(w.now, w.chance.Float64())
			w.record.failed(w.now)
		}
		w.lose(p, true)
		p.serve(w)
	case look:
		p.looked = 0
		p.serve(w)
	case stop:
		p.stopped = e.until
	}
}

// lose notes whether a process has lost the store.
func (w *world) lose(p *process, lost bool) {
	if p.lost != lost {
		p.lost = lost
		w.record.lose(w.now, lost)
	}
}

// arrive has the store serve an ask. Its process gives up after [Timeout], and the store
// serves it all the same.
func (w *world) arrive(e event) {
	late := max(e.sent+Timeout-w.now, 0)
	g, done, ok := w.store.serve(w.now, e.tokens, e.who)
	if !ok {
		w.after(late, event{kind: fail, who: e.who})
		return
	}
	w.record.served(w.now, done, w.store.busy)
	back := done + w.store.oneWay() - w.now
	if back > late {
		w.after(late, event{kind: fail, who: e.who})
		return
	}
	w.after(back, event{kind: answer, who: e.who, tokens: g.Tokens, busy: g.Busy, next: g.Next})
}
