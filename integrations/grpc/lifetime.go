package resilgrpc

import "context"

// A lifetime is the context of a stream. It is the caller's, with the values of the
// attempt that opens the stream. It ends with that attempt until it is kept; then it ends
// with the stream, or with the caller's context.
type lifetime struct {
	context.Context
	cancel  context.CancelFunc
	attempt context.Context
	unlink  func() bool // from the attempt
}

func newLifetime(caller, attempt context.Context) *lifetime {
	l := &lifetime{attempt: attempt}
	l.Context, l.cancel = context.WithCancel(withValues{caller, attempt})
	l.unlink = context.AfterFunc(attempt, l.cancel)
	return l
}

// keep keeps the context alive after the attempt. It fails if the attempt has ended.
func (l *lifetime) keep() error {
	if !l.unlink() {
		return l.attempt.Err()
	}
	return nil
}

// end ends the context. It may be called at any time, and several times.
func (l *lifetime) end() {
	l.unlink()
	l.cancel()
}

// withValues is a context with the values of another.
type withValues struct {
	context.Context
	values context.Context
}

func (w withValues) Value(key any) any { return w.values.Value(key) }

// AfterFunc spares package context a goroutine for each context that is derived from w.
func (w withValues) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(w.Context, f) }
