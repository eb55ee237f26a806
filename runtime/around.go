package resil

import "context"

// An AttemptInfo is what is known of an attempt before it is made.
type AttemptInfo struct {
	Client string // the client's name
	Method string // without the client's name
	Number int    // from 1, as [Attempt] returns it
	Hedge  bool   // it was started beside a slow one
}

// An around surrounds attempts: see [WithAttempts].
type around = func(context.Context, AttemptInfo) (context.Context, func(Verdict))

// WithAttempts has begin called before each attempt that passes the guards, hedges too, on the
// attempt's goroutine and with the context that the callee is to get, deadline included.
// The callee gets the context that begin returns, which must be derived from that one; nil
// stands for it. The function that begin returns, if it is not nil, is called when the
// attempt has ended, with what it is taken for: the zero [Verdict] where the callee did not
// return. It is the place for spans, for log fields, and for credentials that must be new for
// each attempt.
//
// WithAttempts may be given any number of times: the first is the outermost. Hedges and
// calls of other goroutines call begin at the same time. The time that begin takes counts
// against the timeouts, but not as time of the callee. A panic in begin or in what it returns
// is one of the call.
func WithAttempts(begin func(ctx context.Context, a AttemptInfo) (context.Context, func(Verdict))) Option {
	return func(opts *options) {
		if begin != nil {
			opts.around = append(opts.around, begin)
		}
	}
}

// A surrounding is what has been begun around an attempt.
type surrounding struct{ ends []func(Verdict) }

// begin returns the context for the callee.
func (s *surrounding) begin(ctx context.Context, c *call) context.Context {
	m := c.method
	info := AttemptInfo{Client: m.client.name, Method: m.name, Number: c.attempts, Hedge: c.hedge}
	for _, begin := range m.around {
		next, end := begin(ctx, info)
		if next != nil {
			ctx = next
		}
		if end != nil {
			s.ends = append(s.ends, end)
		}
	}
	return ctx
}

// end ends what has been begun, the innermost first, whichever of them panic.
func (s *surrounding) end(v Verdict) {
	for _, end := range s.ends {
		defer end(v)
	}
}
