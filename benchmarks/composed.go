package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

var (
	errLimited = errors.New("rate limit reached")
	errFull    = errors.New("too many calls")
)

// A handmade store is code that a careful programmer writes by hand. It uses the same
// primitives as resilgen, called one after another. Each stack has a method of its
// own, which has no cost for other guards.
type handmade struct {
	next     store
	breaker  *gobreaker.CircuitBreaker[int]
	limiter  *rate.Limiter
	bulkhead *semaphore.Weighted

	mu       sync.RWMutex
	breakers map[string]*gobreaker.CircuitBreaker[int]
}

func composed(s stack, next store) get {
	if s.timeout > 0 {
		next = timed{next, s.timeout}
	}
	h := &handmade{
		next:     next,
		breaker:  newBreaker(),
		limiter:  rate.NewLimiter(rate.Limit(s.limit), s.limit),
		bulkhead: semaphore.NewWeighted(int64(s.bulkhead)),
		breakers: make(map[string]*gobreaker.CircuitBreaker[int]),
	}
	s.timeout = 0
	switch {
	case s == stack{}:
		return next.Get
	case s == stack{retry: true}:
		return h.retried
	case s == stack{breaker: true}:
		return h.broken
	case s == stack{breaker: true, keys: s.keys}:
		return h.keyed
	case s == stack{limit: s.limit}:
		return h.limited
	case s == stack{bulkhead: s.bulkhead}:
		return h.bulkheaded
	case s == stack{retry: true, breaker: true, limit: s.limit}:
		return h.all
	}
	return nil
}

func newBreaker() *gobreaker.CircuitBreaker[int] {
	return gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
		MaxRequests:  probes,
		Interval:     window,
		BucketPeriod: window / buckets,
		Timeout:      openTime,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			answered := c.TotalSuccesses + c.TotalFailures
			return c.ConsecutiveFailures >= consecutive || answered >= minimum && 2*c.TotalFailures >= answered
		},
		IsSuccessful: func(err error) bool { return err == nil || !errors.Is(err, errDown) },
	})
}

func (h *handmade) retried(ctx context.Context, id string) (int, error) {
	for n := 1; ; n++ {
		v, err := h.next.Get(ctx, id)
		if err == nil || n == attempts || !errors.Is(err, errDown) || !pause(ctx, n) {
			return v, err
		}
	}
}

func (h *handmade) broken(ctx context.Context, id string) (int, error) {
	return h.breaker.Execute(func() (int, error) { return h.next.Get(ctx, id) })
}

func (h *handmade) limited(ctx context.Context, id string) (int, error) {
	if !h.limiter.Allow() {
		return 0, errLimited
	}
	return h.next.Get(ctx, id)
}

func (h *handmade) bulkheaded(ctx context.Context, id string) (int, error) {
	if !h.bulkhead.TryAcquire(1) {
		return 0, errFull
	}
	defer h.bulkhead.Release(1)
	return h.next.Get(ctx, id)
}

func (h *handmade) all(ctx context.Context, id string) (int, error) {
	for n := 1; ; n++ {
		if !h.limiter.Allow() {
			return 0, errLimited
		}
		v, err := h.breaker.Execute(func() (int, error) { return h.next.Get(ctx, id) })
		if err == nil || n == attempts || !errors.Is(err, errDown) || !pause(ctx, n) {
			return v, err
		}
	}
}

// keyed has a breaker for each id, and keeps all of them.
func (h *handmade) keyed(ctx context.Context, id string) (int, error) {
	h.mu.RLock()
	breaker := h.breakers[id]
	h.mu.RUnlock()
	if breaker == nil {
		h.mu.Lock()
		if breaker = h.breakers[id]; breaker == nil {
			breaker = newBreaker()
			h.breakers[id] = breaker
		}
		h.mu.Unlock()
	}
	return breaker.Execute(func() (int, error) { return h.next.Get(ctx, id) })
}

// pause waits before a retry. It returns false if the context ends first.
func pause(ctx context.Context, retry int) bool {
	timer := time.NewTimer(backOff(retry))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A timed store limits the time of each call.
type timed struct {
	next  store
	limit time.Duration
}

func (t timed) Get(ctx context.Context, id string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	return t.next.Get(ctx, id)
}
