package resil

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits are a limit as declared, with all its instances.
type limits struct {
	pool[*limiter]
	policy Limit
}

func newLimits(c *Client, policy Limit) *limits {
	g := &limits{policy: policy}
	perSecond := rate.Limit(float64(policy.Rate.Count) / policy.Rate.Per.Seconds())
	g.init(c, &policy, func(*entry) *limiter {
		return &limiter{pool: g, bucket: rate.NewLimiter(perSecond, policy.Burst)}
	})
	return g
}

// A limiter is a token bucket.
type limiter struct {
	pool   *limits
	bucket *rate.Limiter

	// The clock is read and the bucket asked under one lock: of two readings that
	// reach the bucket in the wrong order, the older sets it back, and it fills
	// the time between them twice.
	mu sync.Mutex
}

func (l *limiter) now() time.Time { return l.pool.client.base.Add(l.pool.client.now()) }

// allow takes a token if there is one.
func (l *limiter) allow() bool {
	l.mu.Lock()
	ok := l.bucket.AllowN(l.now(), 1)
	l.mu.Unlock()
	return ok
}

// await takes a token within the limit's patience and ctx's deadline. If none
// will be there in time it says so at once and takes nothing.
func (l *limiter) await(ctx context.Context) bool {
	patience := l.pool.policy.Wait
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline))
	}
	if patience <= 0 {
		return false
	}
	l.mu.Lock()
	if l.retryAfter() > patience {
		l.mu.Unlock()
		return false
	}
	now := l.now()
	token := l.bucket.ReserveN(now, 1)
	l.mu.Unlock()
	timer := time.NewTimer(token.DelayFrom(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		l.mu.Lock()
		token.CancelAt(l.now())
		l.mu.Unlock()
		return false
	}
}

// retryAfter is the time until the next token.
func (l *limiter) retryAfter() time.Duration {
	missing := 1 - l.bucket.TokensAt(l.now())
	return clamp(missing/float64(l.bucket.Limit())*float64(time.Second), 1<<62)
}

// idle reports whether the bucket is full.
func (l *limiter) idle(_, _ time.Duration) bool {
	return l.bucket.TokensAt(l.now()) >= float64(l.bucket.Burst())
}
