package resilpage

import (
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

const (
	bucketTime = 5 * time.Second
	buckets    = 60 // five minutes
	recently   = 12 // buckets: a minute
)

const outcomes = int(resil.OutcomePanicked) + 1

// sums are counters of a method: totals, or how much they have grown.
type sums struct {
	outcomes [outcomes]uint32
	attempts uint32
	answers  uint32 // attempts that the callee answered with an application error
}

func sumsOf(m *resil.MethodStats) sums {
	s := sums{attempts: uint32(m.Attempts), answers: uint32(m.Application)}
	for outcome, n := range m.Outcomes() {
		s.outcomes[outcome] = uint32(n)
	}
	return s
}

// since is how much s has grown. Counters that pass the end of their range begin again, and
// the difference is right all the same.
func (s sums) since(before sums) sums {
	for i := range s.outcomes {
		s.outcomes[i] -= before.outcomes[i]
	}
	s.attempts -= before.attempts
	s.answers -= before.answers
	return s
}

func (s *sums) add(o *sums) {
	for i := range s.outcomes {
		s.outcomes[i] += o.outcomes[i]
	}
	s.attempts += o.attempts
	s.answers += o.answers
}

func (s *sums) calls() (n uint32) {
	for _, c := range s.outcomes {
		n += c
	}
	return n
}

// failed is how many calls ended without an answer of the callee. An application error, such
// as not found, is an answer.
func (s *sums) failed() uint32 {
	o := &s.outcomes
	n := o[resil.OutcomeExhausted] + o[resil.OutcomeBudget] + o[resil.OutcomeDeadline] + o[resil.OutcomeLater] +
		o[resil.OutcomeTimedOut] + o[resil.OutcomePanicked]
	return n + o[resil.OutcomeFailed] - min(s.answers, o[resil.OutcomeFailed])
}

func (s *sums) refused() uint32 {
	return s.outcomes[resil.OutcomeOpen] + s.outcomes[resil.OutcomeLimited] + s.outcomes[resil.OutcomeFull]
}

// A history is what a method did in the last five minutes.
type history struct {
	begun   bool          // there was a sample
	sampled time.Duration // the last, since the page was made: clocks on the wall are set back
	last    sums          // totals then
	at      int64         // the bucket of that sample
	buckets [buckets]bucket
}

// A bucket is what samples of five seconds have found.
type bucket struct {
	sums
	seconds float32 // that passed between them and the samples before them
}

// sample adds what has happened since the last sample.
func (h *history) sample(now time.Duration, totals sums) {
	at := int64(now / bucketTime)
	if !h.begun {
		h.begun, h.sampled, h.last, h.at = true, now, totals, at
		return
	}
	if at-h.at >= buckets {
		h.buckets = [buckets]bucket{}
	} else {
		for b := h.at + 1; b <= at; b++ {
			h.buckets[b%buckets] = bucket{}
		}
	}
	h.at = at
	current, grown := &h.buckets[h.at%buckets], totals.since(h.last)
	current.add(&grown)
	current.seconds += float32((now - h.sampled).Seconds())
	h.sampled, h.last = now, totals
}

// A span is the sums of the last minute, and the buckets of five, oldest first.
type span struct {
	bucket
	line [buckets]bucket
}

// recent returns what happened in the last minute.
func (h *history) recent() (s span) {
	if !h.begun {
		return s
	}
	for i := range buckets {
		b := h.at - int64(buckets-1-i)
		s.line[i] = h.buckets[((b%buckets)+buckets)%buckets]
		if i >= buckets-recently {
			s.add(&s.line[i].sums)
			s.seconds += s.line[i].seconds
		}
	}
	return s
}

// merge adds what another method did in the same time.
func (s *span) merge(o *span) {
	s.add(&o.sums)
	s.seconds = max(s.seconds, o.seconds)
	for i := range s.line {
		s.line[i].add(&o.line[i].sums)
		s.line[i].seconds = max(s.line[i].seconds, o.line[i].seconds)
	}
}

// shown is the span as the state has it.
func (s *span) shown() Recent {
	r := Recent{
		Seconds:  int(s.seconds + 0.5),
		Calls:    uint64(s.calls()),
		Failed:   uint64(s.failed()),
		Refused:  uint64(s.refused()),
		Outcomes: map[string]uint64{},
		Attempts: uint64(s.attempts),
		Line:     make([]Point, buckets),
	}
	for outcome, n := range s.outcomes {
		if n > 0 {
			r.Outcomes[resil.Outcome(outcome).String()] = uint64(n)
		}
	}
	for i := range s.line {
		if b := &s.line[i]; b.seconds > 0 {
			r.Known = max(r.Known, len(s.line)-i)
			r.Line[i] = Point{b.rate(b.calls()), b.rate(b.failed()), b.rate(b.refused())}
		}
	}
	return r
}

// rate is n a second, of few digits.
func (b *bucket) rate(n uint32) float64 {
	return float64(int64(float64(n)/float64(b.seconds)*100+0.5)) / 100
}
