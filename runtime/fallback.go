package resil

import "context"

// FallsBack reports whether a call of m that ended with err is to be answered by
// its fallback, and counts it if so. That is the case for every error but the
// callee's own answer (of class Application) and, since nobody waits for an
// answer any more, once ctx, the caller's context, is done.
func (m *Method) FallsBack(ctx context.Context, err error) bool {
	return err != nil && m.fallsBack(ctx, err, func(error) Class { return Undecided })
}

// FallsBackJudged is [Method.FallsBack] for calls through [CallJudged],
// [RunJudged] or [HedgedJudged], with the last results bound in judge. It returns
// what the fallback is called for, or nil for none: err or, where the callee
// returned no error and judge says that it failed, [ErrResult].
func (m *Method) FallsBackJudged(ctx context.Context, err error, judge func(error) Class) (cause error) {
	if err == nil {
		said := judge(nil)
		if said <= Application || said == Canceled {
			return nil
		}
		err, judge = ErrResult, func(error) Class { return said }
	}
	if !m.fallsBack(ctx, err, judge) {
		return nil
	}
	return err
}

func (m *Method) fallsBack(ctx context.Context, err error, judge func(error) Class) bool {
	if ctx.Err() != nil || m.finally(err, judge) == Application {
		return false
	}
	m.counts.fallbacks.Add(1)
	return true
}

// finally is the class of the error that a call ended with. Where the runtime has
// wrapped the callee's, it is the callee's that is judged.
func (m *Method) finally(err error, judge func(error) Class) Class {
	if c := markOf(err); c != Undecided {
		return c
	}
	if own, ok := err.(*Error); ok && own.Method == m.fullName {
		if own.Err == nil {
			return Undecided // the callee was never called, or said nothing
		}
		err = own.Err
	}
	return classOf(err, judge(err), m.classifiers)
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
