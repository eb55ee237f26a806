package resil

import "time"

// A mark wraps an error and says what it means. It goes before every classifier.
type mark struct {
	error
	Verdict
}

func (m *mark) Unwrap() error             { return m.error }
func (m *mark) RetryAfter() time.Duration { return m.After }

// App marks err as the callee's answer: it is not retried, and the breaker counts it
// as a success.
//
// Like the other marks it returns nil for nil, and works from anywhere in the tree
// of wrapped and joined errors. Of several marks in a chain that state a class, the
// outermost wins; of several in errors that were joined, the worst. [Unsent] and
// [Final] state no class and go with any of the others, in any order.
func App(err error) error { return marked(err, Verdict{Class: Application}) }

// Infra marks err as a failure of the callee, or of the network on the way to it: it
// is retried and counts against the breaker.
func Infra(err error) error { return marked(err, Verdict{Class: Infrastructure}) }

// System marks err as lasting until someone repairs it, such as a bad certificate:
// it counts against the breaker, but is not retried.
func System(err error) error { return marked(err, Verdict{Class: SystemFault}) }

// Throttle marks err as the callee's request for fewer calls. It is retried, but not
// before after has passed; where that is longer than the policy's max, or does not fit
// the deadline, the call ends with [ErrRetryLater]. 0 is no hint.
func Throttle(err error, after time.Duration) error {
	return marked(err, Verdict{Class: Throttled, After: max(after, 0)})
}

// Unsent marks err as proof that the callee has received nothing, so that even a
// call that adds something may be repeated: see [NothingSent]. It states no class.
func Unsent(err error) error { return marked(err, Verdict{Unsent: true}) }

// Final marks err as one after which the call must not be repeated, whatever its
// class. It states no class.
func Final(err error) error { return marked(err, Verdict{Final: true}) }

func marked(err error, v Verdict) error {
	if err == nil {
		return nil
	}
	return &mark{err, v}
}

// markOf returns the class that err's marks and nested clients state.
func markOf(err error) Class {
	v, _ := stated(err)
	return v.Class
}

// stated returns what the marks and the nested clients in err's tree say, the
// outermost class of a chain and the worst of a join, and whether there is a typed
// nil in the tree.
func stated(err error) (v Verdict, typedNil bool) {
	for err != nil {
		if isNil(err) {
			return v, true
		}
		switch e := err.(type) {
		case *mark:
			v.add(e.Verdict)
		case *Error:
			v.add(e.stated())
			inner, typedNil := stated(e.Err)
			v.add(e.wrapped(inner))
			return v, typedNil
		}
		several, one := unwrap(err)
		if several != nil {
			var all Verdict
			for _, branch := range several {
				b, n := stated(branch)
				all.Class = worse(all.Class, b.Class)
				all.add(b)
				typedNil = typedNil || n
			}
			v.add(all)
			return v, typedNil
		}
		err = one
	}
	return v, false
}

// stated returns what the error of a client nested in the callee says by itself. A
// refusal asks for fewer calls. Where the nested client had no part in the failure,
// its error means what the error that it wraps means.
func (e *Error) stated() Verdict {
	switch {
	case e.Reason == ErrOpen, e.Reason == ErrLimited, e.Reason == ErrFull:
		return Verdict{Class: Throttled, Unsent: e.Attempts == 0}
	case e.Reason == ErrTimeout, e.timedOut:
		return Verdict{Class: Infrastructure}
	}
	return Verdict{}
}

// wrapped turns what the last error of a nested client says into what is known of all
// its attempts: that the last one sent nothing proves nothing about those before it.
func (e *Error) wrapped(last Verdict) Verdict {
	last.Unsent = last.Unsent && e.Attempts <= 1
	return last
}
