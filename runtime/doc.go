// Package resil is the runtime of wrappers that resilgen generates: timeouts,
// retries, hedges, circuit breakers, rate limits, bulkheads and fallbacks around
// the methods of a client.
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
//	fallback
//	└─ total timeout
//	   └─ retry
//	      └─ hedge
//	         └─ each attempt: context alive? → breaker refuses? → bulkhead refuses?
//	                          → limiter → bulkhead → breaker → attempt timeout → callee
//
// Every attempt takes a token of the limiter, because every attempt reaches the
// callee. An open breaker refuses before a token or a place is taken or waited
// for, and so does a full bulkhead whose place may not be waited for. Those who wait
// stand in line: the first gets the next token or place, and nobody holds a place
// while waiting for a token. The callee runs on the caller's goroutine, hedges
// excepted, and those have ended when the call returns.
//
// # Errors and their classes
//
// What an error says about the callee is its [Class]: Infrastructure and
// SystemFault count against the breaker, and by default Infrastructure and
// Throttled are retried. Marks ([App], [Infra], [System], [Throttle]) decide
// first, then the method's classifiers, then [Network]; an error that nobody
// knows is Unknown: it is not retried, and neither breaker nor budget count it. Where a
// method can fail in its value, [CallClassified] and its siblings ask about all
// results.
//
// A classifier returns a [Verdict], which can also say that nothing was sent and that
// the call must not be repeated; the marks [Unsent] and [Final] say the same. What
// proves that nothing was sent can be retried even where repeating is not safe:
// [NothingSent].
//
// When the runtime had no part in a failure, the callee's own error comes back
// as it was. Otherwise the error is an [*Error], in which errors.Is finds both
// the reason ([ErrOpen], [ErrExhausted], …) and the callee's last error; where that
// only says that time ran out, also the last one that said more. It knows whether a
// timeout of the method's passed ([Error.Timeout]) and how long to wait
// ([Error.RetryAfter]).
//
// # Retries that do not make it worse
//
// All retries and hedges of a client draw on one budget: a share, 20% by default,
// of the attempts that the callee answered in the last 10 s, and a reserve of 10 that
// comes back at 1 in 10 s. A key of a guard that is kept by key may spend half of
// either.
//
// A context handed to a second or later attempt is marked, and clients further down do
// not retry under that mark, so that layers of retries add up instead of multiplying;
// [NoRetry] marks a context by hand.
//
// A callee's hint ([Throttle], a [Verdict], or any error with a method RetryAfter()
// time.Duration) raises the delay; the backoff's jitter goes on top of it. A hint that
// is longer than the retry's Max, or than the time that is left, ends the call with
// [ErrRetryLater]. With a limit it also holds every attempt back until it has passed.
//
// # State by key
//
// A breaker, limit or bulkhead may be kept by key, such as a peer's address:
// [MethodByKey] and [KeyedMethod.For]. The number of keys is bounded; see there.
//
// # Seeing and changing it
//
// [Client.Stats] is a snapshot of all counters and breakers. [WithObserver] has a
// function told of every attempt, retry, outcome and change of state. [Registry]
// lists clients. [Client.Breaker] forces a breaker open or closed, [WithOverrides]
// changes numbers and modes, and a guard whose mode is [ModeObserve] counts what it
// would refuse and refuses nothing.
//
// A call that succeeds at its first attempt allocates nothing, unless a timeout
// nearer than the caller's deadline, a hedge or a new key needs it; neither does
// one that is refused.
package resil
