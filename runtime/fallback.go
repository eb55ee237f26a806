package resil

import "context"

// FallsBack reports whether a call of m that ended with err is to be answered by
// its fallback, and counts it if so. That is the case for every error but the
// callee's own answer (of class Application) and, since nobody waits for an
// answer any more, once ctx, the caller's context, is done.
func (m *Method) FallsBack(ctx context.Context, err error) bool {
	return err != nil && m.fallsBack(ctx, err, func(error) Class { return Undecided })
}

// FallsBackClassified is [Method.FallsBack] for calls through [CallClassified],
// [RunClassified] or [HedgedClassified], with the last results bound in classify. It returns
// what the fallback is called for, or nil for none: err or, where the callee
// returned no error and classify says that it failed, [ErrResult].
func (m *Method) FallsBackClassified(ctx context.Context, err error, classify func(error) Class) (cause error) {
	if err == nil {
		resultClass := classify(nil)
		if resultClass <= Application || resultClass == Canceled {
			return nil
		}
		err, classify = ErrResult, func(error) Class { return resultClass }
	}
	if !m.fallsBack(ctx, err, classify) {
		return nil
	}
	return err
}

func (m *Method) fallsBack(ctx context.Context, err error, classify func(error) Class) bool {
	if ctx.Err() != nil || m.finalClass(err, classify) == Application {
		return false
	}
	m.counts.fallbacks.Add(1)
	return true
}

// finally is the class of the error that a call ended with. Where the runtime has
// wrapped the callee's, it is the callee's that is classified.
func (m *Method) finalClass(err error, classify func(error) Class) Class {
	if c := markOf(err); c != Undecided {
		return c
	}
	if own, ok := err.(*Error); ok && own.Method == m.fullName {
		if own.Err == nil {
			return Undecided // the callee was never called, or said nothing
		}
		err = own.Err
	}
	return classOf(err, classify(err), m.classifiers)
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
