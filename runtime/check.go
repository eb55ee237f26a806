package resil

import (
	"fmt"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// Check returns a problem for each value that is missing, and for values which do not
// fit together or cannot take effect, defaults included.
func (p *Policies) Check() []*directive.Problem {
	var c checker
	var total, attempt time.Duration
	if t := p.Timeout; t != nil {
		total, attempt = t.Total, t.Attempt
		c.that(total > 0 || attempt > 0, directive.CodeMissing, "timeout", "timeout needs a limit: write //resil:timeout 2s, or attempt=500ms")
		c.that(total == 0 || attempt <= total, directive.CodeEffect, "timeout.attempt",
			"attempt=%s is longer than the whole call's %s; shorten it or raise the total", attempt, total)
	}
	if r := p.Retry; r != nil {
		c.that(r.Attempts == 1 || len(r.On) > 0, directive.CodeEffect, "retry.on", "on is empty, so that nothing is retried; name classes, or write //resil:retry off")
		c.that(r.Initial <= r.Max, directive.CodeEffect, "retry.initial", "initial=%s is above max=%s; lower it or raise max", r.Initial, r.Max)
		if n := r.attemptsWithin(total); total > 0 && n < r.Attempts {
			c.that(false, directive.CodeEffect, "retry.attempts",
				"only %d of %d attempts can start within the timeout of %s; lower attempts or initial, or raise the timeout", n, r.Attempts, total)
		}
	}
	if b := p.Breaker; b != nil {
		c.that(b.Consecutive >= ConsecutiveAuto, directive.CodeRange, "breaker.consecutive", "consecutive=%d: write auto, a number of 1 or more, or off", int(b.Consecutive))
		c.that(b.OpenMax == 0 || b.OpenMax >= b.Open, directive.CodeEffect, "breaker.open",
			"open=%s..%s ends before it begins; write open=%s..%s", b.Open, b.OpenMax, b.OpenMax, b.Open)
		c.that(b.Consecutive != 0 || b.Ratio > 0, directive.CodeEffect, "breaker.consecutive", "with consecutive=off and ratio=off the breaker never opens; turn one on, or write //resil:breaker off")
		c.that(attempt <= b.Window/2, directive.CodeEffect, "breaker.window",
			"window=%s is shorter than two attempts of %s, so that it forgets failures before it can count them; lengthen it", b.Window, attempt)
		limit := total
		if attempt > 0 {
			limit = attempt
		}
		c.that(b.Slow == 0 || limit == 0 || b.Slow < limit, directive.CodeEffect, "breaker.slow",
			"slow=%s never comes true under a timeout of %s; lower it", b.Slow, limit)
	}
	if l := p.Limit; l != nil {
		c.that(l.Rate.Count > 0 && l.Rate.Per > 0, directive.CodeMissing, "limit", "limit needs a rate: write //resil:limit 100/s")
		c.that(total == 0 || l.Wait < total, directive.CodeEffect, "limit.wait",
			"wait=%s does not end within the timeout of %s; shorten it", l.Wait, total)
		c.that(l.Queue == 0 || l.Wait > 0, directive.CodeEffect, "limit.queue",
			"queue=%d has no effect without wait, because nobody waits; add wait=1s, or leave queue out", l.Queue)
	}
	if b := p.Bulkhead; b != nil {
		c.that(b.Calls > 0, directive.CodeMissing, "bulkhead", "bulkhead needs a number: write //resil:bulkhead 10")
		c.that(total == 0 || b.Wait < total, directive.CodeEffect, "bulkhead.wait",
			"wait=%s does not end within the timeout of %s; shorten it", b.Wait, total)
		c.that(b.Queue == 0 || b.Wait > 0, directive.CodeEffect, "bulkhead.queue",
			"queue=%d has no effect without wait, because nobody waits; add wait=1s, or leave queue out", b.Queue)
	}
	for name, s := range p.Scopes {
		c.that(s.Keys == 0 || s.keyed(), directive.CodeEffect, name+".keys",
			"keys=%d means nothing without per=EXPR; write what the %s is kept by, or leave keys out", s.Keys, name)
	}
	if h := p.Hedge; h != nil {
		c.that(h.Delay > 0, directive.CodeMissing, "hedge", "hedge needs a delay: write //resil:hedge 50ms")
		limit := total
		if attempt > 0 {
			limit = attempt
		}
		starts := limit == 0 || h.Delay < limit
		c.that(starts, directive.CodeEffect, "hedge.delay",
			"a delay of %s is not over within the timeout of %s; shorten it", h.Delay, limit)
		c.that(!starts || total == 0 || h.Delay == 0 || time.Duration(h.Max) <= (total-1)/h.Delay, directive.CodeEffect, "hedge.max",
			"max=%d hedges with a delay of %s each do not fit within the timeout of %s; lower max or shorten the delay", h.Max, h.Delay, total)
	}
	return c.problems
}

type checker struct{ problems []*directive.Problem }

func (c *checker) that(ok bool, code, field, format string, args ...any) {
	if ok {
		return
	}
	for i, arg := range args {
		if d, ok := arg.(time.Duration); ok {
			args[i] = directive.Duration(d)
		}
	}
	c.problems = append(c.problems, &directive.Problem{Code: code, Field: field, Message: fmt.Sprintf(format, args...)})
}
