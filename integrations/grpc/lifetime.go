package resilgrpc

import "context"

// A lifetime is the context of a stream. It shows the caller's deadline and the values of
// the attempt that opens the stream. It ends with that attempt until it is kept; then it
// ends with the stream, or with the caller's context.
type lifetime struct {
	context.Context
	cancel      context.CancelFunc
	stopCaller  func() bool
	attempt     context.Context
	stopAttempt func() bool
}

func newLifetime(caller, attempt context.Context) *lifetime {
	l := &lifetime{attempt: attempt}
	values := context.WithoutCancel(attempt)
	if deadline, ok := caller.Deadline(); ok {
		l.Context, l.cancel = context.WithDeadline(values, deadline)
	} else {
		l.Context, l.cancel = context.WithCancel(values)
	}
	l.stopCaller = context.AfterFunc(caller, l.cancel)
	l.stopAttempt = context.AfterFunc(attempt, l.cancel)
	return l
}

// keep keeps the context alive after the attempt. It fails if the attempt has ended.
func (l *lifetime) keep() error {
	if !l.stopAttempt() {
		return l.attempt.Err()
	}
	return nil
}

// end ends the context. It may be called at any time, and several times.
func (l *lifetime) end() {
	l.stopAttempt()
	l.stopCaller()
	l.cancel()
}
