package main

import (
	"context"
	"errors"
	"time"
)

// A phase is a state of the backend and the calls that are made during it: first
// through the plain client, then through the wrapper.
type phase struct {
	title   string
	fault   fault // nil for none
	stopped bool  // the backend does not run
	callers int   // at once
	calls   int   // of each caller, in a row
	call    func(context.Context, clients) error
	others  func(context.Context, clients) error // calls of other callers, from when a quarter of the calls has failed; nil for none
	claim   string                               // what the wrapper does
	holds   func(plain, wrapped tally) bool      // reports whether the claim is true
}

// clients are the clients of the service: all plain or all wrapped.
type clients struct {
	UserClient
	DirectoryClient
}

var phases = []phase{{
	title:   "The backend works",
	callers: 4, calls: 5, call: getAndCount,
	claim: "the wrapper makes no difference",
	holds: func(plain, wrapped tally) bool {
		return plain.answered == plain.calls && wrapped.answered == wrapped.calls
	},
}, {
	title:   "Callers ask for a user who does not exist: 404",
	callers: 4, calls: 5, call: getNobody,
	claim: "404 is an application error: no retry, and the breaker stays closed",
	holds: func(_, wrapped tally) bool {
		return wrapped.failed[notFound] == wrapped.calls && wrapped.application == uint64(wrapped.calls) &&
			wrapped.requests == int64(wrapped.calls) && !wrapped.opened
	},
}, {
	title:   "Every fifth request gets a 503",
	fault:   every(5, unavailable),
	callers: 1, calls: 30, call: getUser,
	claim: "retries get every caller an answer",
	holds: everyCallerAnswered,
}, {
	title:   "Every fifth connection is reset",
	fault:   every(5, reset),
	callers: 1, calls: 30, call: getUser,
	claim: "retries get every caller an answer",
	holds: everyCallerAnswered,
}, {
	title:   "Every third request gets a 503, and callers create users",
	fault:   every(3, unavailable),
	callers: 1, calls: 9, call: createUser,
	claim: "nothing is created twice: CreateUser is not repeated",
	holds: func(_, wrapped tally) bool {
		return wrapped.requests == int64(wrapped.calls) && wrapped.retries == 0
	},
}, {
	title:   "Every answer takes 1.5s",
	fault:   slow(1500 * time.Millisecond),
	callers: 12, calls: 2, call: getUser,
	claim: "attempts time out, the breaker opens, and later callers do not wait",
	holds: breakerStopsRequests,
}, {
	title:   "Every request gets a 503",
	fault:   unavailable,
	callers: 4, calls: 10, call: getUser,
	claim: "the breaker opens, and the backend gets fewer requests",
	holds: breakerStopsRequests,
}, {
	title:   "The backend stops",
	stopped: true,
	callers: 4, calls: 10, call: getUser,
	claim: "the breaker opens, and later callers fail at once",
	holds: breakerStopsRequests,
}, {
	title:   "Twenty callers list all users at once, and the limit admits a burst of ten",
	callers: 20, calls: 1, call: listUsers,
	claim: "calls over the limit are refused, and send nothing",
	holds: func(plain, wrapped tally) bool {
		return wrapped.failed[overLimit] > 0 && wrapped.requests < plain.requests && !wrapped.opened
	},
}, {
	title:   "The backend serves eight requests at once, and searches are slow; other callers get a user",
	fault:   limited(8, 300*time.Millisecond),
	callers: 12, calls: 1, call: search, others: getUser,
	claim: "the bulkhead admits four searches at once, and the other callers all get their user",
	holds: func(_, wrapped tally) bool {
		return wrapped.failed[bulkheadFull] > 0 && wrapped.others.answered == wrapped.others.calls
	},
}, {
	title:   "Every fifth answer takes 600ms",
	fault:   every(5, slow(600*time.Millisecond)),
	callers: 1, calls: 10, call: lookup,
	claim: "a hedge answers before a slow attempt",
	holds: func(_, wrapped tally) bool {
		return wrapped.answered == wrapped.calls && wrapped.hedgeWins > 0
	},
}, {
	title:   "Every request for the tenant acme gets a 503; other callers use the tenant globex",
	fault:   forTenant("acme", unavailable),
	callers: 4, calls: 10, call: lookup, others: lookupGlobex,
	claim: "acme's breaker opens, and globex is not affected",
	holds: func(plain, wrapped tally) bool {
		return breakerStopsRequests(plain, wrapped) && wrapped.others.answered == wrapped.others.calls
	},
}, {
	title:   "The backend stops, and callers count users",
	stopped: true,
	callers: 4, calls: 5, call: count,
	claim: "the fallback gives every caller the last count",
	holds: func(_, wrapped tally) bool {
		return wrapped.answered == wrapped.calls && wrapped.fallbacks == uint64(wrapped.calls)
	},
}}

func everyCallerAnswered(plain, wrapped tally) bool {
	return plain.answered < plain.calls && wrapped.answered == wrapped.calls && wrapped.retries > 0
}

func breakerStopsRequests(plain, wrapped tally) bool {
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
