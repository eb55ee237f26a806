// Package resil is the runtime of wrappers that resilgen generates: timeouts,
// retries, hedges, circuit breakers, rate limits, bulkheads and fallbacks around
// the methods of a client.
//
// A generated constructor describes its methods in a [Spec] and gets a [Client].
// Each generated method hands its call to [Call] or [Run]:
//
//	return resil.Call(ctx, &c.getUser, func(ctx context.Context) (*User, error) {
//		return c.next.GetUser(ctx, id)
//	})
//
// The package has two parts. Programs that use a wrapper need the first; only
// generated code needs the second.
//
// # For programs
//
//   - Marks say what an error means: [App], [Infra], [System], [Throttle], [Unsent],
//     [Final].
//   - Classifiers say it for a whole client: [Classifier], [Class], [Verdict],
//     [ClassOf]. Ready ones are [Network] and [All].
//   - Tables say what the codes of a protocol mean, for classifiers. HTTP and RPC:
//     [HTTPStatus], [HTTPResponse], [GRPCCode], which serves Connect too, [GRPCStatus],
//     [GRPCPushback], [RetryInfo] and [TwirpCode]. Databases: [SQLState], [MySQLError], [SQLServerError], [SQLiteCode],
//     [MongoCode], [RedisCode], [CQLCode] and [Neo4jCode]. Messages: [KafkaCode] and
//     [AMQPCode]. Clouds: [AWSCode], [AzureCode] and [GoogleReason].
//   - Errors of calls: [Error], and its reasons [ErrOpen], [ErrLimited], [ErrFull],
//     [ErrTimeout], [ErrExhausted], [ErrBudget], [ErrDeadline] and [ErrRetryLater];
//     [ErrResult]; [HedgePanic].
//   - Contexts: [Attempt], [Cause], [Bypass], [NoRetry], [Repeated].
//   - A wrapper's client: [Client], [ClientOf], [Must], [CircuitBreaker], [State].
//   - Options of a constructor: [Option], [WithName], [WithObserver], [WithAttempts],
//     [AttemptInfo], [WithOverrides], [WithRegistry], [WithFleet].
//   - Faults on purpose: [WithChaos], [Chaos], [Fault], [FaultKind], [WantChaos], [ErrChaos].
//   - Durations: [WithDurations], [MethodDurations], [CallDurations], [AttemptDurations],
//     [Durations], [DurationBucket].
//   - Profiles: [WithProfile], [Profile], [ProfileSnapshot], [MethodProfile],
//     [GuardProfile], [Load].
//   - Several processes: [Fleet], which integrations/redis has; [Order], [Action],
//     [KeyText], [Suspicion]; and for who writes a fleet, [Member], [FleetState], [Ask], [Grant].
//   - Statistics: [Stats], [MethodStats], [BreakerStats], [LimitStats], [BulkheadStats],
//     [BudgetStats], [FleetStats], [FleetStatus].
//   - Events: [LogObserver], [Observer], [Event], [EventKind], [Outcome], [Opening], [Rule],
//     [GuardKind].
//   - Changes without new code: [Overrides], [Change].
//   - Clients without generated code: [ParsePolicies].
//   - Lists of clients: [Registry], [NewContext], [FromContext].
//
// # For generated code
//
//   - Description of a client: [New], [Spec], [MethodSpec], [Target],
//     [SupportVersion1].
//   - Policies: [Policies], [Timeout], [Retry], [Breaker], [Limit], [Bulkhead],
//     [Hedge], [Scope]; and the types of their fields: [Ratio], [Rate], [Backoff],
//     [Jitter], [Mode], [Hints], [Extent], [Consecutive].
//   - Methods: [Method], [KeyedMethod].
//   - Calls: [Call], [Run], [Hedged]; where a result can say that the call failed,
//     [CallClassified], [RunClassified], [HedgedClassified]; where a result holds the
//     error, [CallSetErr], [CallErr], [HedgedSetErr], [HedgedErr], [FailedRow];
//     where a result makes the call, [ScanFunc].
//   - Results that outlive the call: [Hold], [NewHold], [NewHoldUntilEnded],
//     [HoldReadCloser], [HoldPointer], [HoldSeq], [HoldSeq2], [ReceiveFirst],
//     [HeldStream].
//   - Around calls: [Method.FallsBack], [FallsBackClassified], [WithCause], [Discard],
//     [ClassifierOf], [Token].
//
// Only resilgen itself calls [Policies.Check], [Policies.Complete], [Policies.Scopes],
// [Retry.Bounds] and the methods UnmarshalText.
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
// callee. An open breaker refuses at once: no token and no place is taken, and
// nothing is waited for. So does a bulkhead with no free place and no room in its
// queue. Those who wait stand in line: the first gets the next token or place, and
// nobody holds a place while waiting for a token. The callee runs on the goroutine of the caller, except
// for hedges, and those have ended when the call returns.
//
// # Results that outlive the call
//
// Bodies, streams, rows and the like are used after the call that returns them. Their
// methods have [MethodSpec].Outlives set. Timeouts limit the time until the result is
// there: the context of an attempt shows no deadline but the caller's, and is canceled
// when a timeout passes. If the result comes in time, the context lives on until that
// is closed, read to its end or fails, whichever comes first; or until it is garbage,
// or the caller's context ends. A place in a bulkhead is given back when the call
// returns. A result that fails later is told to the circuit breaker that let the call
// through, and counted in [MethodStats].StreamFailures.
//
// # Errors and their classes
//
// What an error says about the callee is its [Class]. Infrastructure and
// SystemFault count against the breaker. By default Infrastructure and Throttled are
// retried. Marks ([App], [Infra], [System], [Throttle]) decide first, then the
// classifiers of the method, then [Network]. An error that none of them knows is
// Unknown: it is not retried, and neither the breaker nor the budget counts it. Where
// a method can fail in its value, [CallClassified] and its siblings classify all
// results.
//
// A classifier returns a [Verdict], which can also say that nothing was sent and that
// the call must not be repeated; the marks [Unsent] and [Final] say the same. An error
// that proves that nothing was sent can be retried even where repeating a call is not
// safe: [NothingSent].
//
// When the runtime had no part in a failure, the callee's own error comes back
// as it was. Otherwise the error is an [*Error], in which errors.Is finds both
// the reason ([ErrOpen], [ErrExhausted], …) and the callee's last error; where that
// only says that time ran out, also the last one that said more. It tells whether a
// timeout of the method passed ([Error.Timeout]) and how long to wait
// ([Error.RetryAfter]).
//
// # Retries that do not make it worse
//
// All retries and hedges of a client draw on one budget: a share, 20% by default,
// of the attempts that the callee answered in the last 10 s, and a reserve of 10, to
// which 1 is added every 10 s. Where a guard is kept by key, each key may spend at most
// half of the share and half of the reserve.
//
// A context handed to a second or later attempt is marked, and clients further down do
// not retry under that mark, so that layers of retries add up instead of multiplying;
// [NoRetry] marks a context by hand.
//
// A callee's hint ([Throttle], a [Verdict], or any error with a method RetryAfter()
// time.Duration) raises the delay; the backoff's jitter goes on top of it. A hint that
// is longer than the retry's Max, or than the time that is left, ends the call with
// [ErrRetryLater]. If the callee throttled the attempt, a limit of the method also gives no
// tokens until the hint has passed, but at most for the retry's Max; the limit's Hints
// turns this off.
//
// # State by key
//
// A breaker, limit or bulkhead may be kept by key, such as a peer's address: see
// [KeyedMethod.For], which also says how many keys are held.
//
// # One policy over many processes
//
// With scope=fleet, the processes that share the store of a [Fleet] keep one limit together,
// by leases: see [Ask]. Breakers stay each process's own, but tell each other when they open:
// see [Suspicion]. An [Order] forces breakers and applies overrides in all of them.
//
// # Seeing and changing it
//
// [Client.Stats] is a snapshot of all counters and breakers. [WithObserver] has a
// function told of every attempt, retry, refusal, fallback, outcome and change of state, and
// [WithAttempts] has one surround each attempt. [Registry]
// lists clients. [Client.Breaker] forces a breaker open or closed, [WithOverrides] and, at
// any time, [Client.Apply] change numbers and modes, and a policy whose mode is [ModeObserve]
// counts what it would do and does nothing. [WithDurations] records how long calls take,
// [WithProfile] what that means for policies, and [WithChaos] has calls fail on purpose.
//
// A call that succeeds at its first attempt allocates nothing, unless a timeout
// nearer than the caller's deadline, a hedge, a new key or a result that outlives the
// call needs it. A call that is refused allocates nothing either.
package resil
