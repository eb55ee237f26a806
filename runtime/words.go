package resil

import (
	"fmt"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// Words returns a sentence for each policy, in the order of [Policies], that says what it
// does, with every number that counts:
//
//	retry: up to 3 attempts, where the error is infrastructure or throttled; …
//
// It is for people who have to understand a client and do not know the directives. The
// sentences may change with every version.
func (p Policies) Words() []string {
	var lines []string
	if p.Timeout != nil {
		lines = append(lines, p.Timeout.words())
	}
	if p.Retry != nil {
		lines = append(lines, p.Retry.words())
	}
	if p.Breaker != nil {
		lines = append(lines, p.Breaker.words())
	}
	if p.Limit != nil {
		lines = append(lines, p.Limit.words())
	}
	if p.Bulkhead != nil {
		lines = append(lines, p.Bulkhead.words())
	}
	if p.Hedge != nil {
		lines = append(lines, p.Hedge.words(p.Retry != nil))
	}
	return lines
}

// sentence joins what is to be said of a policy. Empty parts are left out.
func sentence(policy string, parts ...string) string {
	text := policy
	for _, part := range parts {
		switch {
		case part == "":
		case text == policy:
			text += ": " + part
		default:
			text += "; " + part
		}
	}
	return text
}

func (t *Timeout) words() string {
	var total, attempt string
	if t.Total > 0 {
		total = "a call ends after " + directive.Duration(t.Total) + ", its retries and waits included"
	}
	if t.Attempt > 0 {
		attempt = "each attempt ends after " + directive.Duration(t.Attempt)
	}
	return sentence("timeout", total, attempt, t.Mode.words("end"))
}

func (r *Retry) words() string {
	if r.Attempts <= 1 {
		return sentence("retry", "none")
	}
	initial, most := directive.Duration(r.Initial), directive.Duration(r.Max)
	var pauses string
	switch r.Backoff {
	case BackoffConstant:
		pauses = "pauses of " + directive.Duration(min(r.Initial, r.Max))
	case BackoffLinear:
		pauses = "pauses that begin with " + initial + " and grow by as much"
	case BackoffExponential:
		pauses = fmt.Sprintf("pauses that begin with %s and grow by a factor of %v", initial, r.Factor)
	case BackoffFibonacci:
		pauses = "pauses that begin with " + initial + " and grow as Fibonacci numbers do"
	}
	return sentence("retry",
		fmt.Sprintf("up to %s, where the error is %s", plural(r.Attempts, "attempt"), directive.OneOf(classWords(r.On))),
		pauses+", "+r.Jitter.words(),
		"no pause is longer than "+most+": the call ends where the callee asks for more",
		budgetWords("retries", r.Budget), r.Mode.words("repeat"))
}

func budgetWords(what string, share Ratio) string {
	if share == 0 {
		return "no budget bounds the " + what
	}
	return fmt.Sprintf("%s are %s of the answered calls at most", what, share)
}

func (b *Breaker) words() string {
	var rules []string
	switch b.Consecutive {
	case 0:
	case ConsecutiveAuto:
		rules = append(rules, fmt.Sprintf("after %d failures in a row, or a few more where many calls are answered", autoConsecutive))
	default:
		rules = append(rules, "after "+plural(int(b.Consecutive), "failure")+" in a row")
	}
	if b.Ratio > 0 {
		rules = append(rules, fmt.Sprintf("when %s of at least %s in the last %s failed", b.Ratio, plural(b.Min, "answered call"), directive.Duration(b.Window)))
	}
	opens := "it opens " + strings.Join(rules, ", and ")
	if len(rules) == 0 {
		opens = "it does not open by itself"
	}
	refuses := "open, it refuses calls for " + directive.Duration(b.Open)
	if b.OpenMax > 0 {
		refuses += ", twice as long each time that a probe fails, up to " + directive.Duration(b.OpenMax)
	}
	var slow, ramp, told string
	if b.Extent == ExtentFleet {
		told = "it tells the fleet when it opens, and probes when enough other processes have"
	}
	if b.Slow > 0 {
		slow = "a call slower than " + directive.Duration(b.Slow) + " is a failure"
	}
	if b.Ramp > 0 {
		ramp = "after closing, the share of calls that it admits grows for " + directive.Duration(b.Ramp)
	}
	return sentence("breaker "+b.Name, opens, refuses, "it closes after "+plural(b.Probes, "probe")+" without a failure", slow, ramp, told, b.Scope.words())
}

func (l *Limit) words() string {
	hints := "all attempts stay away when the callee asks for it"
	if l.Hints == HintsIgnored {
		hints = "only the attempt that the callee asks stays away"
	}
	return sentence("limit "+l.Name,
		fmt.Sprintf("%s attempts on average, up to %d at once", l.Rate, l.Burst)+l.Extent.words(),
		waitWords(l.Wait > 0, directive.Duration(l.Wait), l.Queue),
		hints, l.Scope.words())
}

// words says of a limit whose attempts it counts.
func (e Extent) words() string {
	if e == ExtentFleet {
		return ", of all processes of the fleet together"
	}
	return ""
}

func (b *Bulkhead) words() string {
	return sentence("bulkhead "+b.Name,
		"up to "+plural(b.Calls, "attempt")+" under way at once",
		waitWords(b.Wait > 0, directive.Duration(b.Wait), b.Queue),
		b.Scope.words())
}

// waitWords says what becomes of attempts that a limit or a bulkhead does not admit at once.
func waitWords(wait bool, patience string, queue int) string {
	switch {
	case !wait:
		return "others are refused"
	case queue > 0:
		return fmt.Sprintf("others wait up to %s, %d of them at most", patience, queue)
	}
	return "others wait up to " + patience
}

func (s *Scope) words() string {
	var each string
	switch {
	case s.keyed():
		each = fmt.Sprintf("there is one for each %s, %d at most", strings.Join(strings.Fields(s.Per), " "), s.Keys)
	case s.Per != "":
		each = "there is one for each method"
	}
	return strings.TrimPrefix(sentence("", each, s.Mode.words("refuse")), ": ")
}

// words says of a policy that only observes what it does not do.
func (m Mode) words(what string) string {
	if m == ModeObserve {
		return "it only counts what it would " + what
	}
	return ""
}

// words says of hedges what they do. In a method that is retried, the budget is that of
// the retries.
func (h *Hedge) words(retried bool) string {
	budget := ""
	if !retried {
		budget = budgetWords("hedges", h.Budget)
	}
	return sentence("hedge",
		fmt.Sprintf("while no attempt is answered, another starts each %s or when one fails, %d more at most", directive.Duration(h.Delay), h.Max),
		"the first answer counts", budget, h.Mode.words("start"))
}
