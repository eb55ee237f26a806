package resil

import "context"

// FallsBack reports whether the fallback must answer a call of m that ended with err,
// and counts it if so. It returns false for nil, for an error of class Application,
// which is the callee's answer, and when ctx, the caller's context, is done, because
// then nobody waits for an answer.
func (m *Method) FallsBack(ctx context.Context, err error) bool {
	return err != nil && m.fallsBack(ctx, err, undecided)
}

func undecided(error) Verdict { return Verdict{} }

// FallsBackClassified is [Method.FallsBack] for calls through [CallClassified],
// [RunClassified] or [HedgedClassified]; classify knows the last results. It returns
// the cause for which the fallback is to be called: err or, where the callee returned
// no error and classify says that it failed, an [ErrResult]. It returns nil where no
// fallback is to be called.
func FallsBackClassified[C Class | Verdict](ctx context.Context, m *Method, err error, classify func(error) C) (cause error) {
	ask := func(err error) Verdict { return askError(err, classify) }
	if err == nil {
		results := ask(nil)
		results.Class = results.Class.known()
		if results.Class <= Application || results.Class == Canceled {
			return nil
		}
		err, ask = results.failure(), func(error) Verdict { return results }
	}
	if !m.fallsBack(ctx, err, ask) {
		return nil
	}
	return err
}

func (m *Method) fallsBack(ctx context.Context, err error, classify func(error) Verdict) bool {
	if ctx.Err() != nil || m.finalClass(err, classify) == Application {
		return false
	}
	m.counts.fallbacks.Add(1)
	if m.events != nil {
		m.event(ctx, &Event{Kind: EventFellBack, Err: err})
	}
	return true
}

// finalClass is the class of the error that a call ended with. Where the runtime has
// wrapped the callee's, it is the callee's that is classified.
func (m *Method) finalClass(err error, classify func(error) Verdict) Class {
	if c := markOf(err); c != Undecided {
		return c
	}
	if own, ok := err.(*Error); ok && own != nil && own.Method == m.fullName {
		if own.Err == nil {
			return Undecided // the callee was never called
		}
		err = own.Err
	}
	return verdictOf(err, classify(err), m.classifiers).Class
}

type causeKey struct{}

// WithCause returns the context for a second implementation that answers in the
// callee's place because of err.
func WithCause(ctx context.Context, err error) context.Context {
	return context.WithValue(ctx, causeKey{}, err)
}

// Cause returns the error for which a fallback was called with ctx, or nil.
func Cause(ctx context.Context) error {
	err, _ := ctx.Value(causeKey{}).(error)
	return err
}
