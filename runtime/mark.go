package resil

import "time"

// A mark wraps an error and says its class. It outranks every classifier.
type mark struct {
	error
	class Class
	after time.Duration
}

func (m *mark) Unwrap() error             { return m.error }
func (m *mark) RetryAfter() time.Duration { return m.after }

// App marks err as the callee's answer: it is not retried, and the breaker takes
// it as a sign of life. Like the other marks it returns nil for nil, and works
// from anywhere in the chain of wrapped errors; the outermost mark wins.
func App(err error) error { return marked(err, Application, 0) }

// Infra marks err as a failure of the callee or of the way to it: it is retried
// and counts against the breaker.
func Infra(err error) error { return marked(err, Infrastructure, 0) }

// System marks err as lasting until someone mends it, such as a bad certificate:
// it counts against the breaker, but is not retried.
func System(err error) error { return marked(err, SystemFault, 0) }

// Throttle marks err as the callee's wish for fewer calls. It is retried, but not
// before after or, if that is shorter, the policy's max has passed; where after
// does not fit the deadline it is not retried. 0 is no hint.
func Throttle(err error, after time.Duration) error {
	return marked(err, Throttled, max(after, 0))
}

func marked(err error, class Class, after time.Duration) error {
	if err == nil {
		return nil
	}
	return &mark{err, class, after}
}
