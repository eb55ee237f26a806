package main

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"
)

// A store is the backend that every contestant guards.
type store interface {
	Get(ctx context.Context, id string) (int, error)
}

// A get is a store's method with a contestant's guards around it.
type get func(ctx context.Context, id string) (int, error)

// A backend is a store that returns at once, with err if it is not nil.
type backend struct{ err error }

func (b *backend) Get(context.Context, string) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return 42, nil
}

// errDown is a failure that every contestant retries and counts.
var errDown error = syscall.ECONNREFUSED

// A stack is the guards around a store. The zero value has none.
type stack struct {
	retry    bool
	breaker  bool
	limit    int           // calls per second, and burst; 0 is no limiter
	timeout  time.Duration // of each attempt; 0 is none
	bulkhead int           // concurrent calls; 0 is no bulkhead
	keys     int           // number of ids that have a breaker each; 0 is one breaker for all
}

// The policies are the same for all contestants that can express them. Breakers stay
// open for longer than a race takes.
const (
	attempts     = 3
	initialDelay = 100 * time.Millisecond
	maxDelay     = 30 * time.Second
	consecutive  = 5
	minimum      = 10
	window       = time.Minute
	buckets      = 10
	openTime     = time.Hour
	probes       = 2
)

// backOff is the delay before a retry, counted from 1: exponential, full jitter.
func backOff(retry int) time.Duration {
	return rand.N(min(initialDelay<<(retry-1), maxDelay))
}

// A contestant puts a stack around a store. build returns nil for a stack that the
// contestant does not support.
type contestant struct {
	name  string
	build func(stack, store) get
}

const (
	direct  = "direct call"
	byHand  = "by hand"
	resil   = "resilgen"
	fsafe   = "failsafe-go"
	goZero  = "go-zero"
	retryGo = "retry-go"
	backoff = "backoff"
)

var contestants = []contestant{
	{direct, func(_ stack, next store) get { return next.Get }},
	{byHand, composed},
	{resil, generated},
	{fsafe, failsafeGo},
	{goZero, goZeroBreaker},
	{retryGo, retryGoRetrier},
	{backoff, cenkaltiBackoff},
}
