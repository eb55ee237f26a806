package resil

import (
	"sync/atomic"
	"time"
)

// WithDurations has the client record how long its calls and attempts take:
// [Client.Durations] tells. A call that succeeds at its first attempt pays a reading of the
// clock, two where there is no limit, and two atomic additions. That is less than any
// observer costs.
func WithDurations() Option { return func(opts *options) { opts.durations = true } }

// Durations returns how long calls and attempts took, in the order of the interface. It is
// nil without [WithDurations] or [WithProfile]. Counters are read one after another: a call
// that ends meanwhile may be in one and not yet in the next. It may be called at any time, by
// several goroutines at once.
func (c *Client) Durations() (list []MethodDurations) {
	if !c.timed {
		return nil
	}
	for _, p := range c.plans {
		list = append(list, p.took.snapshot(p.name))
	}
	return list
}

// MethodDurations are the durations of one method. Outcomes and classes that have not
// occurred are left out.
type MethodDurations struct {
	Name     string             // the method's, without the client's
	Calls    []CallDurations    // by outcome
	Attempts []AttemptDurations // by class; without those that did not return
}

// CallDurations are those of calls with one outcome: from the first guard to the end, pauses
// and waits together.
type CallDurations struct {
	Outcome Outcome
	Took    Durations
	Sum     time.Duration

	// Of these calls those with retries, which are attempts after a failed one: Retried[0] is
	// how many had one, Retried[1] two, and Retried[9] ten or more. It is nil for none.
	Retried []uint64
	Retries uint64 // in all of them together
}

const maxRetried = 10

// AttemptDurations are those of attempts of one class.
type AttemptDurations struct {
	Class Class
	Took  Durations
	Sum   time.Duration
}

// took is how long the calls and attempts of a method took, and how often calls were
// repeated. What never occurs takes no room.
type took struct {
	atOnce   recorded // of calls that succeeded at their first attempt, which is theirs and its duration
	calls    [outcomes]recorded
	answered recorded // of calls that failed with the callee's answer; not in calls
	attempts [Canceled + 1]recorded
	retried  [outcomes]atomic.Pointer[retried]
}

// recorded are durations of something that may occur.
type recorded struct{ atomic.Pointer[durations] }

func (r *recorded) add(took time.Duration) {
	d := r.Load()
	if d == nil {
		d = occur(&r.Pointer)
	}
	d.add(took)
}

// occur makes room for what p points to.
func occur[T any](p *atomic.Pointer[T]) *T {
	if p.Load() == nil {
		p.CompareAndSwap(nil, new(T))
	}
	return p.Load()
}

// retried are numbers of retries.
type retried struct {
	calls [maxRetried]atomic.Uint64
	sum   atomic.Uint64
}

// attempt notes an attempt that has ended after so long.
func (t *took) attempt(class Class, took time.Duration) { t.attempts[class].add(took) }

// call notes a call that has ended after so long.
func (t *took) call(c *call, took time.Duration) {
	if c.outcome == OutcomeFailed && c.class == Application {
		t.answered.add(took)
	} else {
		t.calls[c.outcome].add(took)
	}
	if n := c.retries(); n > 0 {
		r := occur(&t.retried[c.outcome])
		r.calls[min(n, maxRetried)-1].Add(1)
		r.sum.Add(uint64(n))
	}
}

// ofCalls returns the records of calls with an outcome.
func (t *took) ofCalls(o Outcome) []*recorded {
	switch all := []*recorded{&t.calls[o]}; o {
	case OutcomeSucceeded:
		return append(all, &t.atOnce)
	case OutcomeFailed:
		return append(all, &t.answered)
	default:
		return all
	}
}

// ofAttempts returns the records of attempts of a class.
func (t *took) ofAttempts(c Class) []*recorded {
	all := []*recorded{&t.attempts[c]}
	if c == Success {
		all = append(all, &t.atOnce)
	}
	return all
}

// total puts records together.
func total(records []*recorded) (all Durations, sum time.Duration) {
	for _, r := range records {
		if d := r.Load(); d != nil {
			all = d.list(all)
			sum += time.Duration(d.sum.Load())
		}
	}
	return all, sum
}

func (t *took) answeredCalls() Durations {
	all, _ := total(append(t.ofCalls(OutcomeSucceeded), &t.answered))
	return all
}

func (t *took) answeredAttempts() Durations {
	all, _ := total(append(t.ofAttempts(Success), t.ofAttempts(Application)...))
	return all
}

func (t *took) snapshot(name string) MethodDurations {
	s := MethodDurations{Name: name}
	for o := range Outcome(outcomes) {
		all, sum := total(t.ofCalls(o))
		if all == nil {
			continue
		}
		d := CallDurations{Outcome: o, Took: all, Sum: sum}
		if r := t.retried[o].Load(); r != nil {
			for n := range r.calls {
				d.Retried = append(d.Retried, r.calls[n].Load())
			}
			d.Retries = r.sum.Load()
		}
		s.Calls = append(s.Calls, d)
	}
	for c := range Canceled + 1 {
		if all, sum := total(t.ofAttempts(c)); all != nil {
			s.Attempts = append(s.Attempts, AttemptDurations{c, all, sum})
		}
	}
	return s
}
