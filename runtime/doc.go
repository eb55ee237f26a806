// Package resil is the runtime of wrappers that resilgen generates: retries,
// circuit breakers, rate limiters and timeouts around the methods of a client.
//
// A generated constructor describes its methods in a [Spec] and gets a [Client].
// Each generated method hands its call to [Call] or [Run]:
//
//	return resil.Call(ctx, c.getUser, func(ctx context.Context) (*User, error) {
//		return c.next.GetUser(ctx, id)
//	})
//
// # What a call does
//
//	total timeout
//	└─ retry
//	   └─ each attempt: context alive? → breaker refuses? → limiter → breaker → attempt timeout → callee
//
// Every attempt takes a token of the limiter, because every attempt reaches the
// callee. An open breaker refuses before a token is taken or waited for.
//
// # Errors and their classes
//
// What an error says about the callee is its [Class]: only Infrastructure counts
// against the breaker, and by default only Infrastructure and Throttled are
// retried. Marks ([App], [Infra], [System], [Throttle]) decide first, then the
// method's classifiers, then [Network]; an error that nobody knows is
// Application.
//
// When the runtime had no part in a failure, the callee's own error comes back
// as it was. Otherwise the error is an [*Error], in which errors.Is finds both
// the reason ([ErrOpen], [ErrExhausted], …) and the callee's last error.
//
// # Seeing it
//
// [Client.Stats] is a snapshot of all counters and breakers; [WithObserver] has a
// function told of every attempt, retry, outcome and change of state.
//
// A method that succeeds at its first attempt allocates nothing, and neither
// does one that is refused.
package resil
