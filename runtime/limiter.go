package resil

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// A limiter is a token bucket and the time that an attempt may wait for a token.
type limiter struct {
	bucket *rate.Limiter
	wait   time.Duration
	client *Client
}

func newLimiter(client *Client, policy Limit) *limiter {
	perSecond := rate.Limit(float64(policy.Rate.Count) / policy.Rate.Per.Seconds())
	return &limiter{bucket: rate.NewLimiter(perSecond, policy.Burst), wait: policy.Wait, client: client}
}

// allow takes a token if there is one. The clock is read here, right before it is
// needed: a stale reading mints tokens.
func (l *limiter) allow() bool {
	return l.bucket.AllowN(l.client.base.Add(l.client.now()), 1)
}

// await takes a token within the limiter's patience and ctx's deadline. If none
// will be there in time it says so at once and takes nothing.
func (l *limiter) await(ctx context.Context) bool {
	if l.wait <= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, l.wait)
	defer cancel()
	return l.bucket.WaitN(ctx, 1) == nil
}

// retryAfter is the time until the next token.
func (l *limiter) retryAfter() time.Duration {
	missing := 1 - l.bucket.TokensAt(l.client.base.Add(l.client.now()))
	return clamp(missing/float64(l.bucket.Limit())*float64(time.Second), 1<<62)
}
