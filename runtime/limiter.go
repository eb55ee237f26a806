package resil

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// limits are a limit as declared, with all its instances.
type limits struct {
	group
	policy Limit
}

func newLimits(c *Client, name string, policy Limit) *limits {
	g := &limits{policy: policy}
	perSecond := rate.Limit(float64(policy.Rate.Count) / policy.Rate.Per.Seconds())
	g.group = group{name: name, client: c, scope: policy.Scope, fresh: func(*entry) guard {
		return &limiter{group: g, bucket: rate.NewLimiter(perSecond, policy.Burst)}
	}}
	g.one = g.fresh(nil)
	return g
}

// A limiter is a token bucket.
type limiter struct {
	group  *limits
	bucket *rate.Limiter
}

func (l *limiter) now() time.Time { return l.group.client.base.Add(l.group.client.now()) }

// allow takes a token if there is one. The clock is read here, right before it is
// needed: a stale reading mints tokens.
func (l *limiter) allow() bool {
	return l.bucket.AllowN(l.now(), 1)
}

// await takes a token within the limit's patience and ctx's deadline. If none
// will be there in time it says so at once and takes nothing.
func (l *limiter) await(ctx context.Context) bool {
	if l.group.policy.Wait <= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, l.group.policy.Wait)
	defer cancel()
	return l.bucket.WaitN(ctx, 1) == nil
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
