package resil

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// String returns the policies in one line, as the comments of generated wrappers have it:
//
//	timeout 2s · retry 3, exponential 100ms–30s, full jitter · breaker Users
//
// It names a breaker, limit or bulkhead, and leaves out what follows from the others. It is
// empty where there is no policy.
func (p Policies) String() string {
	var parts []string
	if p.Timeout != nil {
		parts = append(parts, p.Timeout.summary())
	}
	if p.Retry != nil {
		parts = append(parts, p.Retry.summary())
	}
	if p.Breaker != nil {
		parts = append(parts, "breaker "+p.Breaker.Name+p.Breaker.Extent.summary()+p.Breaker.Scope.summary())
	}
	if p.Limit != nil {
		parts = append(parts, p.Limit.summary())
	}
	if p.Bulkhead != nil {
		parts = append(parts, p.Bulkhead.summary())
	}
	if p.Hedge != nil {
		parts = append(parts, p.Hedge.summary())
	}
	return strings.Join(parts, " · ")
}

func (t *Timeout) summary() string {
	var parts []string
	if t.Total > 0 {
		parts = append(parts, "timeout "+directive.Duration(t.Total))
	}
	if t.Attempt > 0 {
		parts = append(parts, "attempt "+directive.Duration(t.Attempt))
	}
	return strings.Join(parts, ", ") + t.Mode.summary()
}

func (r *Retry) summary() string {
	delay := fmt.Sprintf("%s %s–%s", r.Backoff, directive.Duration(r.Initial), directive.Duration(r.Max))
	if r.Backoff == BackoffConstant {
		delay = fmt.Sprintf("%s %s", r.Backoff, directive.Duration(min(r.Initial, r.Max)))
	}
	text := fmt.Sprintf("retry %d, %s, %s", r.Attempts, delay, r.Jitter.words())
	if !slices.Equal(r.On, []Class{Infrastructure, Throttled}) {
		text += ", on " + directive.All(classWords(r.On))
	}
	return text + r.Mode.summary()
}

// words is the jitter as part of a sentence.
func (j Jitter) words() string {
	if j == JitterNone {
		return "no jitter"
	}
	return j.String() + " jitter"
}

func classWords(classes []Class) (words []string) {
	for _, c := range classes {
		words = append(words, c.String())
	}
	return words
}

func (l *Limit) summary() string {
	text := fmt.Sprintf("limit %s %s%s", l.Name, l.Rate, l.Extent.summary())
	if l.Burst != l.Rate.Count {
		text += fmt.Sprintf(" burst %d", l.Burst)
	}
	if l.Wait > 0 {
		text += " wait " + directive.Duration(l.Wait) + queueSummary(l.Queue)
	}
	return text + l.Scope.summary()
}

func (e Extent) summary() string {
	if e == ExtentFleet {
		return " of the fleet"
	}
	return ""
}

func (b *Bulkhead) summary() string {
	text := fmt.Sprintf("bulkhead %s %d", b.Name, b.Calls)
	if b.Wait > 0 {
		text += " wait " + directive.Duration(b.Wait) + queueSummary(b.Queue)
	}
	return text + b.Scope.summary()
}

func queueSummary(queue int) string {
	if queue == 0 {
		return ""
	}
	return fmt.Sprintf(" queue %d", queue)
}

func (s *Scope) summary() string {
	text := ""
	if s.Per != "" {
		text = " per " + strings.Join(strings.Fields(s.Per), " ")
	}
	return text + s.Mode.summary()
}

func (m Mode) summary() string {
	if m == ModeObserve {
		return ", observed"
	}
	return ""
}

func (h *Hedge) summary() string {
	text := "hedge after " + directive.Duration(h.Delay)
	if h.Max > 1 {
		text += fmt.Sprintf(", %d at most", h.Max)
	}
	return text + h.Mode.summary()
}
