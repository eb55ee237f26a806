package resil

import "context"

// A repeated marks a context as that of a second or later attempt. Clients further
// down do not retry under it, so that layers of retries add up instead of multiplying.
type repeated struct{ attempt int }

type repeatedKey struct{}

// Attempt returns the number of the attempt that ctx was handed to, counted from
// 1. Callees use it to tell a repetition from a first call.
func Attempt(ctx context.Context) int {
	if r, ok := ctx.Value(repeatedKey{}).(repeated); ok {
		return r.attempt
	}
	return 1
}

// NoRetry returns a context under which no client retries or hedges.
func NoRetry(ctx context.Context) context.Context {
	return context.WithValue(ctx, repeatedKey{}, repeated{Attempt(ctx)})
}

// Repeated returns a context like that of a second or later attempt: no client retries or
// hedges under it, and [Attempt] returns the number, or 2 if that is less than 2. It is
// for servers whose caller, in another process, says that a request is a repetition.
func Repeated(ctx context.Context, attempt int) context.Context {
	return context.WithValue(ctx, repeatedKey{}, repeated{max(attempt, 2)})
}

// mayRepeat reports whether a client may retry or hedge under ctx.
func mayRepeat(ctx context.Context) bool {
	return ctx.Value(repeatedKey{}) == nil
}

type bypassKey struct{}

// Bypass returns a context under which no guard refuses a call: where a breaker
// is open, a limit reached or a bulkhead full, the callee is called all the same, at
// once, and that guard does not count the result. It is for health checks and for
// operators.
func Bypass(ctx context.Context) context.Context {
	return context.WithValue(ctx, bypassKey{}, true)
}

func bypassed(ctx context.Context) bool { return ctx.Value(bypassKey{}) != nil }
