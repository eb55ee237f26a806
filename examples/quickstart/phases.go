package main

import (
	"context"
	"errors"
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
	call    func(context.Context, clients) error
	others  func(context.Context, clients) error // other callers' calls, once a quarter of calls has failed; nil for none
	claim   string                               // what the wrapper makes of it
	holds   func(plain, wrapped tally) bool
}

// clients are the clients of the service: all plain or all wrapped.
type clients struct {
	UserClient
	DirectoryClient
}

var phases = []phase{{
	title:   "All is well",
	callers: 4, calls: 5, call: getAndCount,
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
	fault:   every(3, unavailable),
	callers: 1, calls: 30, call: getUser,
	claim: "retries get every caller an answer",
	holds: everyCallerAnswered,
}, {
	title:   "Every third connection is reset",
	fault:   every(3, reset),
	callers: 1, calls: 30, call: getUser,
	claim: "retries get every caller an answer",
	holds: everyCallerAnswered,
}, {
	title:   "Every third request is answered 503, and callers create users",
	fault:   every(3, unavailable),
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
}, {
	title:   "The backend has room for eight, and searches are slow; others get a user meanwhile",
	fault:   crowded(8, 300*time.Millisecond),
	callers: 12, calls: 1, call: search, others: getUser,
	claim: "the bulkhead lets four searches in, and the others are served as ever",
	holds: func(_, wrapped tally) bool {
		return wrapped.failed[noRoom] > 0 && wrapped.others.answered == wrapped.others.calls
	},
}, {
	title:   "Every fifth answer takes 600ms",
	fault:   every(5, slow(600*time.Millisecond)),
	callers: 1, calls: 10, call: lookup,
	claim: "a hedge answers in the place of a slow attempt",
	holds: func(_, wrapped tally) bool {
		return wrapped.answered == wrapped.calls && wrapped.hedgeWins > 0
	},
}, {
	title:   "Every request for the tenant acme is answered 503; others look into globex",
	fault:   of("acme", unavailable),
	callers: 4, calls: 10, call: lookup, others: lookupGlobex,
	claim: "acme's breaker opens, and globex does not notice",
	holds: func(plain, wrapped tally) bool {
		return breakerSparesBackend(plain, wrapped) && wrapped.others.answered == wrapped.others.calls
	},
}, {
	title:   "The backend dies, and callers count users",
	dead:    true,
	callers: 4, calls: 5, call: count,
	claim: "the fallback gives every caller the last count",
	holds: func(_, wrapped tally) bool {
		return wrapped.answered == wrapped.calls && wrapped.fallbacks == uint64(wrapped.calls)
	},
}}

func everyCallerAnswered(plain, wrapped tally) bool {
	return plain.answered < plain.calls && wrapped.answered == wrapped.calls && wrapped.retries > 0
}

func breakerSparesBackend(plain, wrapped tally) bool {
	return wrapped.opened && wrapped.failed[breakerOpen] > 0 && wrapped.requests < plain.requests
}

func getUser(ctx context.Context, c clients) error {
	_, err := c.GetUser(ctx, 1)
	return err
}

func getAndCount(ctx context.Context, c clients) error {
	return errors.Join(getUser(ctx, c), count(ctx, c))
}

func getNobody(ctx context.Context, c clients) error {
	_, err := c.GetUser(ctx, 404)
	return err
}

func listUsers(ctx context.Context, c clients) error {
	_, err := c.ListUsers(ctx)
	return err
}

func createUser(ctx context.Context, c clients) error {
	_, err := c.CreateUser(ctx, "Katherine")
	return err
}

func search(ctx context.Context, c clients) error {
	_, err := c.Search(ctx, "acme", "Ada")
	return err
}

func lookup(ctx context.Context, c clients) error {
	_, err := c.Lookup(ctx, "acme", "Ada")
	return err
}

func lookupGlobex(ctx context.Context, c clients) error {
	_, err := c.Lookup(ctx, "globex", "Ada")
	return err
}

func count(ctx context.Context, c clients) error {
	_, err := c.Count(ctx, "acme")
	return err
}
