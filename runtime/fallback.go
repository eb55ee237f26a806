package resil

import "context"

// FallsBack reports whether a call of m that ended with err is to be answered by
// its fallback, and counts it if so. That is the case for every error but the
// callee's own answer (of class Application) and, since nobody waits for an
// answer any more, once ctx, the caller's context, is done.
func (m *Method) FallsBack(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	if classOf(err, m.classifiers) == Application {
		return false
	}
	m.counts.fallbacks.Add(1)
	return true
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
