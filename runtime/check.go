package resil

import (
	"fmt"
	"reflect"
	"time"
)

// Complete fills in what follows from other fields: a limit's burst, and how many
// keys are held where there are keys.
func (p *Policy) Complete() {
	if p.Limit != nil && p.Limit.Burst == 0 {
		p.Limit.Burst = p.Limit.Rate.Count
	}
	for _, s := range p.Scopes {
		if s.keyed() && s.Keys == 0 {
			s.Keys = 10_000
		}
	}
}

// keyed reports whether there is one guard for each value of an expression.
func (s *Scope) keyed() bool { return s.Per != "" && s.Per != "method" }

// checkRanges checks every field of a policy that was not read from directives.
// Where there is no default or the field may be off, its zero value means that.
func (p *Policy) checkRanges() []*Problem {
	var problems []*Problem
	v := reflect.ValueOf(p).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) {
		policy := v.FieldByIndex(f.Index)
		if policy.Kind() != reflect.Pointer || policy.IsNil() {
			continue
		}
		policy = policy.Elem()
		shape := shapeOf(policy.Type())
		for i, field := range shape.keyed {
			value := policy.FieldByIndex(field.Index)
			_, hasOff := field.Tag.Lookup("off")
			_, hasDefault := field.Tag.Lookup("default")
			if value.IsZero() && (hasOff || !hasDefault) {
				continue
			}
			if err := inRange(value, field.Tag.Get("range")); err != nil {
				directive, key := f.Tag.Get("directive"), shape.keys[i]
				problems = append(problems, &Problem{Code: codeRange, Field: directive + "." + key,
					Message: fmt.Sprintf("%s %s: %v", directive, key, err)})
			}
		}
	}
	return problems
}

// Check finds what a policy as a whole cannot mean or what cannot take effect in
// it, defaults included.
func (p *Policy) Check() []*Problem {
	var c checker
	var total, attempt time.Duration
	if t := p.Timeout; t != nil {
		total, attempt = t.Total, t.Attempt
		c.that(total > 0 || attempt > 0, codeMissing, "timeout", "timeout needs a limit: write //resil:timeout 2s, or attempt=500ms")
		c.that(total == 0 || attempt <= total, codeEffect, "timeout.attempt",
			"attempt=%s is longer than the whole call's %s; shorten it or raise the total", attempt, total)
	}
	if r := p.Retry; r != nil {
		c.that(r.Attempts == 1 || len(r.On) > 0, codeEffect, "retry.on", "on is empty, so that nothing is retried; name classes, or write //resil:retry off")
		c.that(r.Initial <= r.Max, codeEffect, "retry.initial", "initial=%s is above max=%s; lower it or raise max", r.Initial, r.Max)
		if n := r.attemptsWithin(total); total > 0 && n < r.Attempts {
			c.that(false, codeEffect, "retry.attempts",
				"only %d of %d attempts can start within the timeout of %s; lower attempts or initial, or raise the timeout", n, r.Attempts, total)
		}
	}
	if b := p.Breaker; b != nil {
		c.that(b.Consecutive > 0 || b.Ratio > 0, codeEffect, "breaker.consecutive", "with consecutive=off and ratio=off the breaker never opens; turn one on, or write //resil:breaker off")
		c.that(attempt <= b.Window/2, codeEffect, "breaker.window",
			"window=%s is shorter than two attempts of %s, so that it forgets failures before it can count them; lengthen it", b.Window, attempt)
		limit := total
		if attempt > 0 {
			limit = attempt
		}
		c.that(b.Slow == 0 || limit == 0 || b.Slow < limit, codeEffect, "breaker.slow",
			"slow=%s never comes true under a timeout of %s; lower it", b.Slow, limit)
	}
	if l := p.Limit; l != nil {
		c.that(l.Rate.Count > 0 && l.Rate.Per > 0, codeMissing, "limit", "limit needs a rate: write //resil:limit 100/s")
		c.that(total == 0 || l.Wait < total, codeEffect, "limit.wait",
			"wait=%s does not end within the timeout of %s; shorten it", l.Wait, total)
	}
	if b := p.Bulkhead; b != nil {
		c.that(b.Calls > 0, codeMissing, "bulkhead", "bulkhead needs a number: write //resil:bulkhead 10")
		c.that(total == 0 || b.Wait < total, codeEffect, "bulkhead.wait",
			"wait=%s does not end within the timeout of %s; shorten it", b.Wait, total)
	}
	for directive, s := range p.Scopes {
		c.that(s.Keys == 0 || s.keyed(), codeEffect, directive+".keys",
			"keys=%d means nothing without per=EXPR; write what the %s is kept by, or leave keys out", s.Keys, directive)
	}
	if h := p.Hedge; h != nil {
		c.that(h.Delay > 0, codeMissing, "hedge", "hedge needs a delay: write //resil:hedge 50ms")
		limit := total
		if attempt > 0 {
			limit = attempt
		}
		c.that(limit == 0 || h.Delay < limit, codeEffect, "hedge.delay",
			"a hedge after %s never starts under a timeout of %s; shorten it", h.Delay, limit)
	}
	return c.problems
}

// Overruled yields a problem for each field that the value of another, by, leaves
// without effect. It is one where both were written.
func (p *Policy) Overruled(yield func(by string, problem *Problem) bool) {
	type rule struct {
		applies     bool
		field, by   string
		instruction string
	}
	var rules []rule
	if r := p.Retry; r != nil {
		rules = append(rules,
			rule{r.Backoff != Exponential, "retry.factor", "retry.backoff", "factor is the growth of an exponential delay: leave it out, or write backoff=exponential"},
			rule{r.Jitter == DecorrelatedJitter, "retry.backoff", "retry.jitter", "a decorrelated delay follows from the last one and not from backoff: leave one of the two out"},
			rule{r.Jitter == DecorrelatedJitter, "retry.factor", "retry.jitter", "a decorrelated delay follows from the last one and not from factor: leave one of the two out"},
		)
		if r.Attempts == 1 {
			for _, key := range []string{"backoff", "initial", "max", "factor", "jitter", "on"} {
				rules = append(rules, rule{true, "retry." + key, "retry.attempts",
					key + " is about retries, and with one attempt there are none: raise attempts, or write //resil:retry off"})
			}
		}
	}
	if b := p.Breaker; b != nil {
		rules = append(rules, rule{b.Ratio == 0, "breaker.min", "breaker.ratio", "min goes with a ratio, which is off: leave it out, or write ratio=50%"})
	}
	for _, r := range rules {
		if r.applies && !yield(r.by, &Problem{Code: codeEffect, Field: r.field, Message: r.instruction}) {
			return
		}
	}
}

// Scopes yields those of the policy's guards, by directive.
func (p *Policy) Scopes(yield func(directive string, s *Scope) bool) {
	if p.Breaker != nil && !yield("breaker", &p.Breaker.Scope) {
		return
	}
	if p.Limit != nil && !yield("limit", &p.Limit.Scope) {
		return
	}
	if p.Bulkhead != nil {
		yield("bulkhead", &p.Bulkhead.Scope)
	}
}

type checker struct{ problems []*Problem }

func (c *checker) that(ok bool, code, field, format string, args ...any) {
	if ok {
		return
	}
	for i, arg := range args {
		if d, ok := arg.(time.Duration); ok {
			args[i] = shortDuration(d)
		}
	}
	c.problems = append(c.problems, &Problem{Code: code, Field: field, Message: fmt.Sprintf(format, args...)})
}
