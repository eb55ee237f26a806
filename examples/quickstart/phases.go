package main

import (
	"context"
	"time"
)

// A phase is one thing that happens to the backend, and calls made meanwhile:
// first through the plain client, then through the wrapper.
type phase struct {
	title   string
	fault   fault // nil for none
	dead    bool  // the backend is not there at all
	callers int   // at once
	calls   int   // of each caller, in a row
	call    func(context.Context, UserClient) error
	claim   string // what the wrapper makes of it
	holds   func(plain, wrapped tally) bool
}

var phases = []phase{{
	title:   "All is well",
	callers: 4, calls: 5, call: getUser,
	claim: "the wrapper is not noticed",
	holds: func(plain, wrapped tally) bool {
		return plain.answered == plain.calls && wrapped.answered == wrapped.calls
	},
}, {
	title:   "Callers ask for a user who does not exist: 404",
	callers: 4, calls: 5, call: getNobody,
	claim: "an answer is an answer: no retry, and the breaker stays closed",
	holds: func(_, wrapped tally) bool {
		return wrapped.failed[notFound] == wrapped.calls && wrapped.requests == int64(wrapped.calls) && !wrapped.opened
	},
}, {
	title:   "Every third request is answered 503",
	fault:   everyThird(unavailable),
	callers: 1, calls: 30, call: getUser,
	claim: "retries get every caller an answer",
	holds: everyCallerAnswered,
}, {
	title:   "Every third connection is reset",
	fault:   everyThird(reset),
	callers: 1, calls: 30, call: getUser,
	claim: "retries get every caller an answer",
	holds: everyCallerAnswered,
}, {
	title:   "Every third request is answered 503, and callers create users",
	fault:   everyThird(unavailable),
	callers: 1, calls: 9, call: createUser,
	claim: "nothing is created twice: CreateUser is not repeated",
	holds: func(_, wrapped tally) bool {
		return wrapped.requests == int64(wrapped.calls) && wrapped.retries == 0
	},
}, {
	title:   "Every answer takes 1.5s",
	fault:   slow(1500 * time.Millisecond),
	callers: 6, calls: 2, call: getUser,
	claim: "attempts time out, the breaker opens, and further callers need not wait",
	holds: breakerSparesBackend,
}, {
	title:   "Every request is answered 503",
	fault:   unavailable,
	callers: 4, calls: 10, call: getUser,
	claim: "the breaker opens, and the backend is left in peace",
	holds: breakerSparesBackend,
}, {
	title:   "The backend dies",
	dead:    true,
	callers: 4, calls: 10, call: getUser,
	claim: "the breaker opens, and further callers learn at once",
	holds: breakerSparesBackend,
}, {
	title:   "Twenty callers list all users at once, where the limit is a burst of ten",
	callers: 20, calls: 1, call: listUsers,
	claim: "what is over the limit is refused before it is sent",
	holds: func(plain, wrapped tally) bool {
		return wrapped.failed[overLimit] > 0 && wrapped.requests < plain.requests && !wrapped.opened
	},
}}

func everyCallerAnswered(plain, wrapped tally) bool {
	return plain.answered < plain.calls && wrapped.answered == wrapped.calls && wrapped.retries > 0
}

func breakerSparesBackend(plain, wrapped tally) bool {
	return wrapped.opened && wrapped.failed[breakerOpen] > 0 && wrapped.requests < plain.requests
}

func getUser(ctx context.Context, users UserClient) error {
	_, err := users.GetUser(ctx, 1)
	return err
}

func getNobody(ctx context.Context, users UserClient) error {
	_, err := users.GetUser(ctx, 404)
	return err
}

func listUsers(ctx context.Context, users UserClient) error {
	_, err := users.ListUsers(ctx)
	return err
}

func createUser(ctx context.Context, users UserClient) error {
	_, err := users.CreateUser(ctx, "Katherine")
	return err
}
