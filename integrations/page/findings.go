package resilpage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A finder looks for what is not as usual in a client.
type finder struct {
	stats    *resil.Stats
	at       time.Time
	fleet    *FleetState       // nil for none
	faults   map[string]string // on purpose; nil for none
	methods  []method
	printer  *printer
	findings []Finding
	opened   map[string]bool // breakers with a finding of their own, by name
}

// A method is a method with what it did in the last minute.
type method struct {
	resil.MethodStats
	policies resil.Policies
	recent   span
}

// find returns the findings, worst first.
func (f *finder) find() []Finding {
	f.opened = map[string]bool{}
	for i := range f.stats.Breakers {
		f.breaker(&f.stats.Breakers[i])
	}
	for i := range f.stats.Limits {
		f.limit(&f.stats.Limits[i])
	}
	for i := range f.stats.Bulkheads {
		f.bulkhead(&f.stats.Bulkheads[i])
	}
	f.budget()
	f.failures()
	f.chaos()
	f.fleetState()
	slices.SortStableFunc(f.findings, func(a, b Finding) int { return b.Status.rank() - a.Status.rank() })
	return f.findings
}

func (f *finder) add(finding Finding) { f.findings = append(f.findings, finding) }

// named is how a sentence speaks of a guard: with its name, where that is not the client's.
func (f *finder) named(kind, name string) string {
	if name == f.stats.Client {
		return kind
	}
	return kind + " " + name
}

func (f *finder) breaker(b *resil.BreakerStats) {
	if b.Keyed {
		f.keyedBreaker(b)
		return
	}
	f.circuit([]resil.BreakerStats{*b}, f.named("circuit breaker", b.Name), "", "")
}

// circuit says what a breaker does, or the worst of its keys, which are in the same state. keys
// says which these are and all how many there are; both are empty where there are none.
func (f *finder) circuit(list []resil.BreakerStats, subject, keys, all string) {
	b := &list[0]
	observes := b.Mode == resil.ModeObserve
	finding := Finding{
		Kind:  "breaker-" + b.State.String(),
		Since: b.Since,
		Why:   f.why(b),
		Error: f.printer.error(lastError(b)),
	}
	whose, not := "calls", "are not sent"
	if keys != "" {
		whose = "their calls"
	}
	if observes {
		not = "would not be sent (it only observes)"
	}
	policy := f.policy(b.Name)
	switch b.State {
	case resil.StateOpen:
		finding.Status = StatusDown
		lasts := ""
		if keys == "" {
			lasts = " for " + duration(max(f.at.Sub(b.Since), time.Second))
		}
		next, each := f.tries(list)
		finding.Text = fmt.Sprintf("%s open%s%s: %s %s, next try in %s", subject, keys, lasts, whose, not, next)
		finding.Next = each + trials(policy) + ". " + capital(ending(policy))
	case resil.StateHalfOpen:
		finding.Status = StatusIll
		finding.Text = fmt.Sprintf("%s half-open%s: %s to try the backend, others %s", subject, keys, trials(policy), not)
		finding.Next = ending(policy)
	case resil.StateForcedOpen:
		finding.Status = StatusDown
		finding.Text = fmt.Sprintf("%s forced open%s: %s %s %s", subject, keys, whose, not, until(b))
	case resil.StateForcedClosed:
		finding.Status, finding.Error = StatusWatch, ""
		finding.Text = fmt.Sprintf("%s forced closed%s: all calls are sent %s", subject, keys, until(b))
		finding.Why = f.forcedBy(b)
	case resil.StateClosed:
		if b.Ramp == 0 {
			return
		}
		finding.Status, finding.Kind, finding.Why = StatusWatch, "breaker-ramp", ""
		finding.Text = fmt.Sprintf("%s closed again, sends %d %% of the calls for now", subject, int(b.Ramp/resil.Percent))
	}
	finding.Why = sentence("; ", finding.Why, all)
	if observes {
		finding.Status = StatusWatch
	} else if finding.Status.rank() >= StatusIll.rank() {
		finding.Effect = f.refused(resil.OutcomeOpen, func(p *resil.Policies) bool {
			return p.Breaker == nil || p.Breaker.Name == b.Name
		})
	}
	if !observes && b.State != resil.StateForcedClosed {
		f.opened[b.Name] = true
	}
	f.add(finding)
}

// tries says when a breaker tries again, and, where each of several keys has its own time, which.
func (f *finder) tries(list []resil.BreakerStats) (next, each string) {
	var parts []string
	times := map[string]bool{}
	first := list[0].RetryAfter
	for i := range list {
		first = min(first, list[i].RetryAfter)
		left := duration(max(list[i].RetryAfter, time.Second))
		times[left] = true
		parts = append(parts, "for "+f.printer.key(list[i].Key)+" in "+left)
	}
	if len(times) > 1 {
		each = "next try " + few(parts) + ": "
	} else {
		each = "next try: "
	}
	return duration(max(first, time.Second)), each
}

// trials are the calls that a half-open breaker sends.
func trials(policy *resil.Breaker) string {
	if policy == nil || policy.Probes == 1 {
		return "one trial call"
	}
	return count(policy.Probes, "trial call")
}

// ending says what comes of trial calls.
func ending(policy *resil.Breaker) string {
	again := "again"
	switch {
	case policy == nil:
	case policy.OpenMax > 0:
		again = "twice as long, up to " + duration(policy.OpenMax)
	default:
		again = duration(policy.Open) + " more"
	}
	if policy == nil || policy.Probes == 1 {
		return "if it succeeds the breaker closes, if it fails it waits " + again
	}
	return "if all succeed the breaker closes, if one fails it waits " + again
}

// until says how long a state is forced.
func until(b *resil.BreakerStats) string {
	if b.ForcedFor > 0 {
		return "for " + more(b.ForcedFor)
	}
	return "until somebody resets it"
}

// lastError is the error that says most about a breaker.
func lastError(b *resil.BreakerStats) error {
	if b.LastError == nil && b.Opening != nil {
		return b.Opening.Err
	}
	return b.LastError
}

// why says why a breaker has opened. Calls that were not sent are in no number of it.
func (f *finder) why(b *resil.BreakerStats) string {
	o := b.Opening
	if o == nil {
		return ""
	}
	all, window := o.Successes+o.Failures, ""
	if policy := f.policy(b.Name); policy != nil {
		window = " in " + duration(policy.Window)
	}
	with := ""
	if b.Key != nil {
		with = " with " + f.printer.key(b.Key)
	}
	share := fmt.Sprintf("after %s of %s failed%s", number(o.Failures), count(all, "sent call")+with, window)
	switch o.Rule {
	case resil.RuleConsecutive:
		return fmt.Sprintf("after %s in a row%s (%s of %s sent%s)", count(o.Streak, "failed call"), with, number(o.Failures), number(all), window)
	case resil.RuleRatio:
		return share
	case resil.RuleSlow:
		return share + ", slow ones included"
	case resil.RuleProbe:
		return sentence(" ", "a trial call", strings.TrimSpace(with), "has failed since")
	case resil.RuleThrottled:
		return "the backend asks for fewer calls"
	case resil.RuleForced:
		return f.forcedBy(b)
	case resil.RuleSuspected:
		return f.suspected(b)
	}
	return share
}

// policy is that of a breaker, nil where no method shows it.
func (f *finder) policy(breaker string) *resil.Breaker {
	for i := range f.methods {
		if b := f.methods[i].policies.Breaker; b != nil && b.Name == breaker {
			return b
		}
	}
	return nil
}

// namedKeys is how many ill keys a finding names.
const namedKeys = 3

func (f *finder) keyedBreaker(b *resil.BreakerStats) {
	n := b.KeyStates
	open := n[resil.StateOpen] + n[resil.StateForcedOpen]
	half, closed := n[resil.StateHalfOpen], n[resil.StateForcedClosed]
	if open+half+closed == 0 {
		return
	}
	worst := f.stats.WorstKeys(b.Name, namedKeys)
	if len(worst) == 0 {
		return
	}
	var same []resil.BreakerStats
	var names []string
	for i := range worst {
		if worst[i].State == worst[0].State {
			same = append(same, worst[i])
			names = append(names, f.printer.key(worst[i].Key))
		}
	}
	others := ""
	if more := n[worst[0].State] - len(same); more > 0 {
		others = fmt.Sprintf(" and %s more", number(uint64(more)))
		names = []string{strings.Join(names, ", ")}
	}
	per := ""
	if policy := f.policy(b.Name); policy != nil && policy.Per != "" {
		per = " (per=" + policy.Per + ")"
	}
	in := max(n[worst[0].State], len(same))
	all := fmt.Sprintf("%s of %s%s %s %s", number(uint64(in)), count(b.Keys, "key"), per, are(in), worst[0].State)
	before := len(f.findings)
	f.circuit(same, f.named("circuit breaker", b.Name), " for "+few(names)+others, all)
	if added := f.findings[before:]; len(added) > 0 && added[0].Status == StatusDown && 2*open <= b.Keys {
		added[0].Status = StatusIll // most of it works
	}
}

func are[N int](n N) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// refused says how many calls a kind of guard has refused in the last minute, of the methods
// that may have that guard. The page says "not sent": a backend can refuse too.
func (f *finder) refused(outcome resil.Outcome, of func(*resil.Policies) bool) string {
	var n uint64
	seconds := float32(0)
	var names []string
	for i := range f.methods {
		m := &f.methods[i]
		seconds = max(seconds, m.recent.seconds)
		if r := m.recent.outcomes[outcome]; r > 0 && of(&m.policies) {
			n += uint64(r)
			names = append(names, m.Name)
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s not sent %s (not counted as failed): %s", count(n, "call"), lately(seconds), few(names))
}

// lately is the time of so many seconds that rates are about.
func lately(seconds float32) string {
	if n := int(seconds + 0.5); n < 55 {
		return fmt.Sprintf("in the last %d s", max(n, 1))
	}
	return "in the last minute"
}

func (f *finder) limit(l *resil.LimitStats) {
	subject := f.named("rate limit", l.Name)
	if l.Held > 0 {
		f.add(Finding{Status: StatusIll, Kind: "limit-held",
			Text: fmt.Sprintf("%s holds all calls back for %s", subject, more(l.Held)),
			Why:  "the backend said how long to stay away"})
	}
	effect := f.refused(resil.OutcomeLimited, func(p *resil.Policies) bool { return p.Limit == nil || p.Limit.Name == l.Name })
	if effect == "" {
		return
	}
	f.add(Finding{Status: StatusIll, Kind: "limit-refuses",
		Text:   subject + " reached: calls are not sent",
		Why:    sentence(", ", fmt.Sprintf("more than %s with a burst of %d%s", l.Rate, l.Burst, f.whose(l)), waiting(l.Waiting)),
		Effect: effect})
}

func (f *finder) bulkhead(b *resil.BulkheadStats) {
	subject := f.named("bulkhead", b.Name)
	use := ""
	if !b.Keyed {
		use = fmt.Sprintf("%d of %d places are taken", b.InUse, b.Calls)
	}
	effect := f.refused(resil.OutcomeFull, func(p *resil.Policies) bool { return p.Bulkhead == nil || p.Bulkhead.Name == b.Name })
	switch {
	case effect != "":
		f.add(Finding{Status: StatusIll, Kind: "bulkhead-refuses",
			Text:   subject + " full: calls are not sent",
			Why:    sentence(", ", fmt.Sprintf("no more than %s at once", count(b.Calls, "call")), use, waiting(b.Waiting)),
			Effect: effect})
	case !b.Keyed && b.InUse >= b.Calls:
		f.add(Finding{Status: StatusWatch, Kind: "bulkhead-full", Text: subject + " is full", Why: sentence(", ", use, waiting(b.Waiting))})
	}
}

func waiting(n int) string {
	if n == 0 {
		return ""
	}
	return count(n, "call") + " waiting for a place"
}

func (f *finder) budget() {
	effect := f.refused(resil.OutcomeBudget, func(*resil.Policies) bool { return true })
	if effect == "" {
		return
	}
	f.add(Finding{Status: StatusWatch, Kind: "budget-spent",
		Text:   "retry budget spent: calls that fail are not repeated",
		Why:    fmt.Sprintf("retries may be %s of the answers, so that they do not add to the trouble", f.stats.Budget.Share),
		Effect: strings.Replace(strings.Replace(effect, " (not counted as failed)", "", 1), " not sent ", " failed without another attempt ", 1)})
}

// chaos tells of faults that are there on purpose.
func (f *finder) chaos() {
	if len(f.faults) == 0 {
		return
	}
	finding := Finding{Status: StatusWatch, Kind: "chaos", Text: "faults are injected on purpose into calls that ask for them"}
	var parts []string
	for _, pattern := range slices.Sorted(maps.Keys(f.faults)) {
		parts = append(parts, pattern+": "+f.faults[pattern])
		if strings.Contains(f.faults[pattern], "always") {
			finding.Text = "faults are injected on purpose"
		}
	}
	finding.Why = strings.Join(parts, "; ")
	met := uint64(0)
	for i := range f.methods {
		m := &f.methods[i]
		met += m.ChaosErrors + m.ChaosLatencies + m.ChaosHangs
	}
	if met > 0 {
		finding.Effect = "faults have met " + count(met, "attempt") + " since the start"
	}
	f.add(finding)
}

// failures tells of methods whose calls fail, unless a breaker that stands between them and
// the backend has told already.
func (f *finder) failures() {
	type failing struct {
		m     *method
		calls uint64
		fails uint64
	}
	var list []failing
	for i := range f.methods {
		m := &f.methods[i]
		calls := uint64(m.recent.calls() - m.recent.refused() - m.recent.outcomes[resil.OutcomeCanceled])
		fails := uint64(m.recent.failed())
		if b := m.policies.Breaker; b != nil && f.opened[b.Name] && (!isKeyed(b) || failingStatus(fails, calls) == StatusWatch) {
			continue
		}
		if fails > 0 {
			list = append(list, failing{m, calls, fails})
		}
	}
	slices.SortStableFunc(list, func(a, b failing) int { return int(b.fails*a.calls) - int(a.fails*b.calls) })
	for i, l := range list {
		if i == 3 {
			f.add(Finding{Status: StatusWatch, Kind: "methods-fail", Text: count(len(list)-3, "more method") + " with failed calls"})
			return
		}
		f.add(Finding{
			Status: failingStatus(l.fails, l.calls),
			Kind:   "method-fails",
			Text:   fmt.Sprintf("%s: %s of %s failed %s", l.m.Name, number(l.fails), count(l.calls, "call"), lately(l.m.recent.seconds)),
			Why:    causes(l.m),
		})
	}
}

// isKeyed reports whether there is a breaker for each key.
func isKeyed(b *resil.Breaker) bool { return b.Per != "" && b.Per != "method" }

// failingStatus is how bad it is that so many calls fail.
func failingStatus(fails, calls uint64) Status {
	switch {
	case fails >= 5 && fails*10 >= calls*9:
		return StatusDown
	case fails >= 5 && fails*10 >= calls:
		return StatusIll
	}
	return StatusWatch
}

// failedAs says of outcomes how the call failed.
var failedAs = [outcomes]string{
	resil.OutcomeFailed:    "with the backend's error",
	resil.OutcomeExhausted: "after all retries",
	resil.OutcomeBudget:    "without a retry, as the budget was spent",
	resil.OutcomeDeadline:  "at the caller's deadline",
	resil.OutcomeLater:     "since the backend asked for a longer wait",
	resil.OutcomeTimedOut:  "by timeout",
	resil.OutcomePanicked:  "by panic",
}

// causes says how the calls of a method failed.
func causes(m *method) string {
	n := m.recent.outcomes
	n[resil.OutcomeFailed] -= min(m.recent.answers, n[resil.OutcomeFailed])
	var parts []string
	for outcome, how := range failedAs {
		if how != "" && n[outcome] > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", number(uint64(n[outcome])), how))
		}
	}
	return strings.Join(parts, ", ")
}
