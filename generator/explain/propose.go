package explain

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// A number is proposed only where the policy's is off by more than these factors, so that
// following one proposal brings no other.
const (
	tooLoose  = 4.0  // times the number that would be proposed
	p99Room   = 2.0  // head-room over p99, where there are too few calls for p99.9
	p999Room  = 1.25 // and over p99.9
	loadRoom  = 1.5  // over the most that was seen, of bulkheads and limits
	loadTight = 0.8  // of a bulkhead or limit: the share in use from which it is tight
	loadLoose = 10.0 // times the most that was seen: it would notice nothing
	cutOff    = 0.01 // share of attempts that timeouts end from which p99 is not known

	hedgeMany, hedgeNone = 0.1, 0.001 // shares of attempts beside which hedges start

	enoughLoad   = 60  // seconds from which a load is one
	enoughWindow = 600 // seconds from which a mean rate is one
)

// A proposer collects the proposals for one interface.
type proposer struct {
	o   *Observation
	p   *resil.ProfileSnapshot
	now map[*Method]annotations.Policy // with the proposals so far
}

// propose compares the policies of the interface with what has been seen.
func (i *Interface) propose(p *resil.ProfileSnapshot) {
	a := proposer{o: i.Observed, p: p, now: map[*Method]annotations.Policy{}}
	for k := range i.Methods {
		m := &i.Methods[k]
		a.now[m] = m.policy
		for n := range i.Observed.Methods {
			if seen := &i.Observed.Methods[n]; seen.Name == m.Name {
				a.method(i.Name+"."+m.Name, m, seen)
			}
		}
	}
	for _, g := range i.guards() {
		for _, seen := range p.Guards {
			if seen.Kind != g.kind || seen.Name != g.name {
				continue
			}
			scope, _ := g.directive.setting("scope")
			switch {
			case scope == "fleet" && g.kind == "limit":
				a.note("limit %s: the rate is that of the whole fleet, and the profile is of one client", g.name)
			case seen.Keyed:
				a.note("%s %s: kept by key, and the profile does not tell keys apart", g.kind, g.name)
			case g.kind == "breaker":
				a.breaker(g, seen)
			case seen.Load.Attempts < enoughP99 || p.Seconds < enoughLoad:
				a.note("%s %s: %d attempts in %s are too few to propose from; %d in a minute are needed", g.kind, g.name, seen.Load.Attempts, span(p.Seconds), enoughP99)
			case g.kind == "limit":
				a.limit(g, seen)
			case g.kind == "bulkhead":
				a.bulkhead(g, seen)
			}
		}
	}
}

func (a *proposer) note(format string, args ...any) {
	a.o.Notes = append(a.o.Notes, fmt.Sprintf(format, args...))
}

// A set is changes of one directive.
type set []ProposedChange

// change adds a change.
func (s *set) change(d Directive, key, to, reason string, args ...any) {
	from, _ := d.setting(key)
	*s = append(*s, ProposedChange{Key: key, From: from, To: to, Reason: fmt.Sprintf(reason, args...)})
}

// propose adds a proposal, if there is anything to change and it goes together with the
// other policies of the methods.
func (a *proposer) propose(place string, d Directive, s set, methods ...*Method) {
	if len(s) == 0 {
		return
	}
	changed := d.with(s)
	words, _ := directive.Words(strings.TrimPrefix(changed, d.Name))
	var p annotations.Policy
	_, problems := directive.Refine(&p, d.Name, words)
	p.Complete()
	line := "//resil:" + changed
	if len(problems) > 0 {
		a.note("%s: %s would fit better, but %v", place, line, problems[0])
		return
	}
	for _, m := range methods {
		next := replaced(a.now[m], p)
		if problems := next.Check(); len(problems) > 0 {
			a.note("%s: %s would fit better, but with the other policies of %s %v", place, line, m.Name, problems[0])
			return
		}
	}
	for _, m := range methods {
		a.now[m] = replaced(a.now[m], p)
	}
	a.o.Proposals = append(a.o.Proposals, Proposal{Place: place, Line: line, Changes: s})
}

// with returns the directive's text with changes, which stand in it even where they are the
// defaults: what it refines may have other numbers.
func (d Directive) with(changes set) string {
	var text, unset []string
	for _, c := range changes {
		if _, set := d.setting(c.Key); !set {
			unset = append(unset, word(Setting{Key: c.Key}, c.To))
		}
	}
	written, _ := directive.Words(strings.TrimPrefix(d.Text, d.Name))
	for _, s := range d.Settings {
		if !s.positional {
			text, unset = append(text, unset...), nil
		}
		value, stands := "", false
		for _, w := range written {
			if w.Key == s.Key || w.Key == "" && s.positional {
				value, stands = w.Value, true
			}
		}
		for _, c := range changes {
			if c.Key == s.Key {
				value, stands = c.To, true
			}
		}
		if stands {
			text = append(text, word(s, value))
		}
	}
	return strings.Join(append([]string{d.Name}, append(text, unset...)...), " ")
}

// replaced returns a policy with those of another in the place of its own.
func replaced(p, by annotations.Policy) annotations.Policy {
	p.Timeout, p.Hedge = cmp.Or(by.Timeout, p.Timeout), cmp.Or(by.Hedge, p.Hedge)
	p.Breaker, p.Limit, p.Bulkhead = cmp.Or(by.Breaker, p.Breaker), cmp.Or(by.Limit, p.Limit), cmp.Or(by.Bulkhead, p.Bulkhead)
	return p
}

// method proposes timeouts and a hedge for a method.
func (a *proposer) method(place string, m *Method, seen *ObservedMethod) {
	t, h := m.policy.Timeout, m.policy.Hedge
	if t == nil && h == nil {
		return
	}
	if seen.Attempt.P99 == 0 {
		a.note("%s: %d answered attempts are too few to propose from; %d are needed", place, seen.seen.Attempts.Total(), enoughP99)
		return
	}
	if endless(seen.Call, seen.Attempt) {
		a.note("%s: some take longer than a profile tells apart, so that no limit can be proposed", place)
		return
	}
	if t != nil {
		a.timeout(place, m, seen)
	}
	if h != nil {
		a.hedge(place, m, seen)
	}
}

// endless reports whether quantiles are beyond what can be compared: in the last bucket of a
// profile, which has no end.
func endless(seen ...Observed) bool {
	for _, o := range seen {
		if max(o.P50, o.P95, o.P99, o.P999) > longest {
			return true
		}
	}
	return false
}

// longest is the longest time that is a number in a proposal: 36 years.
const longest = time.Duration(1) << 60

// timeout proposes limits for calls and attempts.
func (a *proposer) timeout(place string, m *Method, seen *ObservedMethod) {
	d, t := m.directive("timeout"), *m.policy.Timeout
	var s set
	if share := float64(seen.TimedOut) / float64(seen.TimedOut+seen.seen.Attempts.Total()); share >= cutOff {
		if seen.Attempt.P99 <= shorter(t.Total, t.Attempt)/2 {
			a.note("%s: %s of the attempts were ended by a timeout, and p99 of the others is %s: the callee hung, and the timeout did its work", place, percent(share), directive.Rounded(seen.Attempt.P99))
			return
		}
		s.change(d, "mode", "observe", "%s of the attempts were ended by a timeout, and p99 of the others is %s: how long they would have taken can only be seen without it", percent(share), directive.Rounded(seen.Attempt.P99))
		a.propose(place, d, s, m)
		return
	}
	attempts := 1
	if r := m.policy.Retry; r != nil {
		attempts = r.Attempts
	}
	if attempts == 1 {
		most := t.Total // for the attempt, with the proposal
		if most > 0 {
			most = s.limit(d, "total", most, room(seen.Call), 0, seen.Call, seen.seen.Answered)
		}
		if t.Attempt > 0 {
			s.limit(d, "attempt", t.Attempt, room(seen.Attempt), most, seen.Attempt, seen.seen.Attempts)
		}
		a.propose(place, d, s, m)
		return
	}
	each := t.Attempt // with the proposal
	switch {
	case each > 0:
		each = s.limit(d, "attempt", each, room(seen.Attempt), 0, seen.Attempt, seen.seen.Attempts)
	case t.Total > 0:
		each = room(seen.Attempt)
		s.change(d, "attempt", text(each), "without it an attempt that hangs takes all of the %s, and is never repeated; %s", directive.Rounded(t.Total), quantiles(seen.Attempt))
	}
	if t.Total > 0 {
		var pauses time.Duration
		for n := 1; n < attempts && pauses < longest; n++ {
			least, most := m.policy.Retry.Bounds(n)
			pauses += least/2 + most/2
		}
		pauses = min(pauses, longest)
		sum := pauses + time.Duration(min(float64(each)*float64(attempts), float64(longest)))
		healthy := max(sum, room(seen.Call)) // calls also wait for guards, and as long as the callee asks for
		facts := fmt.Sprintf("%d attempts of %s and pauses of %s on average take %s", attempts, directive.Rounded(each), directive.Rounded(pauses), directive.Rounded(sum))
		switch {
		case t.Total < sum:
			s.change(d, "total", text(nice(healthy)), "%s, so that the last of them have no time", facts)
		case seen.Call.P99 == 0: // how long they wait beside that is not known
		case float64(t.Total) > tooLoose*float64(nice(healthy)):
			if healthy > sum {
				facts += ", and for calls with all their waits " + quantiles(seen.Call)
			}
			s.change(d, "total", text(nice(healthy)), "%s: beyond that it only holds callers", facts)
		}
	}
	a.propose(place, d, s, m)
}

// shorter is the shorter of two limits, of which 0 is none.
func shorter(a, b time.Duration) time.Duration {
	if a > 0 && (b == 0 || a < b) {
		return a
	}
	return b
}

// limit proposes another limit where now is too tight or too loose for want, and returns
// the one that is left. No limit is above most, if that is not 0.
func (s *set) limit(d Directive, key string, now, want, most time.Duration, o Observed, all resil.Durations) time.Duration {
	if most > 0 {
		want = min(want, most)
	}
	highest := o.P999
	if highest == 0 {
		highest = o.P99 + o.P99/4
	}
	switch {
	case o.P99 == 0, want == now:
		return now
	case now < highest:
		s.change(d, key, text(want), "it ends what is healthy: %s of the answers took longer; %s", percent(float64(all.Over(now))/float64(all.Total())), quantiles(o))
		return want
	case most > 0 && now > most:
		s.change(d, key, text(most), "no attempt outlasts its call")
		return most
	case float64(now) > tooLoose*float64(want):
		s.change(d, key, text(want), "%s: a callee that hangs holds its callers %s times as long", quantiles(o), factor(now, highest))
		return want
	}
	return now
}

// hedge proposes a delay.
func (a *proposer) hedge(place string, m *Method, seen *ObservedMethod) {
	h, d := m.policy.Hedge, m.directive("hedge")
	all := seen.seen.Attempts
	share := float64(all.Over(h.Delay)) / float64(all.Total())
	delay := nice(seen.Attempt.P95)
	var s set
	switch {
	case share > hedgeMany:
		s.change(d, "delay", text(delay), "a hedge starts beside %s of the attempts, which is that much more load; after p95 it starts beside 5%%", percent(share))
	case share < hedgeNone && all.Total() >= enoughP999 && delay < h.Delay:
		s.change(d, "delay", text(delay), "a hedge starts beside %s of the attempts, so that it helps hardly anybody; p95 is %s", percent(share), directive.Rounded(seen.Attempt.P95))
	}
	a.propose(place, d, s, m)
}

// breaker proposes a window and a time from which calls are slow.
func (a *proposer) breaker(g *guardInSource, seen resil.GuardProfile) {
	b := g.methods[0].policy.Breaker
	var s set
	if b.Ratio > 0 {
		rate := float64(seen.Load.Attempts) / a.p.Seconds
		calls := rate * b.Window.Seconds()
		switch longest := 10 * time.Minute; {
		case a.p.Seconds < enoughWindow:
			a.note("breaker %s: %s are too short to know how many calls a window of %s has; ten minutes are needed", g.name, span(a.p.Seconds), directive.Rounded(b.Window))
		case calls >= float64(b.Min):
		case rate*longest.Seconds() >= 2*float64(b.Min):
			window := nice(time.Duration(2 * float64(b.Min) / rate * float64(time.Second)))
			s.change(g.directive, "window", text(window), "at %s calls a second a window of %s has %s calls, fewer than min=%d, so that the ratio never counts", number(rate), directive.Rounded(b.Window), number(calls), b.Min)
		default:
			a.note("breaker %s: at %s calls a second no useful window has min=%d calls: only failures in a row open it", g.name, number(rate), b.Min)
		}
	}
	if b.Slow > 0 {
		var slowest *ObservedMethod
		for _, m := range g.methods {
			for k := range a.o.Methods {
				o := &a.o.Methods[k]
				if o.Name == m.Name && o.Attempt.P99 > 0 && (slowest == nil || o.Attempt.P99 > slowest.Attempt.P99) {
					slowest = o
				}
			}
		}
		if slowest != nil && !endless(slowest.Attempt) {
			want := nice(time.Duration(p99Room * float64(slowest.Attempt.P99)))
			all := slowest.seen.Attempts
			switch {
			case b.Slow < slowest.Attempt.P99+slowest.Attempt.P99/4:
				s.change(g.directive, "slow", text(want), "%s of the answers of %s took longer and count as failures; p99 is %s", percent(float64(all.Over(b.Slow))/float64(all.Total())), slowest.Name, directive.Rounded(slowest.Attempt.P99))
			case float64(b.Slow) > tooLoose*float64(want):
				s.change(g.directive, "slow", text(want), "p99 of %s, the slowest, is %s: the callee would be ill long before", slowest.Name, directive.Rounded(slowest.Attempt.P99))
			}
		}
	}
	a.propose(g.place(), g.directive, s, g.methods...)
}

// bulkhead proposes a number of places.
func (a *proposer) bulkhead(g *guardInSource, seen resil.GuardProfile) {
	b := g.methods[0].policy.Bulkhead
	var s set
	rate, most := float64(seen.Load.Attempts)/a.p.Seconds, float64(seen.Load.AtOnce)
	var busy float64 // attempts times their mean duration
	for _, m := range g.methods {
		for _, o := range a.o.Methods {
			if o.Name == m.Name {
				busy += float64(o.seen.Load.Attempts) / a.p.Seconds * o.seen.Attempts.Mean().Seconds()
			}
		}
	}
	little := fmt.Sprintf("%s attempts a second that take %s on average are %s at once on average (Little's law), and %d at most were seen",
		number(rate), directive.Rounded(time.Duration(busy/rate*float64(time.Second)).Round(time.Microsecond)), number(busy), seen.Load.AtOnce)
	want := niceCount(loadRoom * most)
	switch {
	case seen.Refused > 0 && b.Mode == resil.ModeEnforce:
		s.change(g.directive, "mode", "observe", "it refused %d calls; how many places they would have taken can only be seen without it", seen.Refused)
	case most > loadTight*float64(b.Calls):
		s.change(g.directive, "calls", strconv.Itoa(want), "%s", little)
	case float64(b.Calls) > loadLoose*most && want < b.Calls:
		s.change(g.directive, "calls", strconv.Itoa(want), "%s: a callee that hangs would hold %d callers", little, b.Calls)
	}
	a.propose(g.place(), g.directive, s, g.methods...)
}

// limit proposes a rate.
func (a *proposer) limit(g *guardInSource, seen resil.GuardProfile) {
	l := g.methods[0].policy.Limit
	var s set
	second := float64(l.Rate.Count) / l.Rate.Per.Seconds()
	peak, mean := float64(seen.Load.InSecond), float64(seen.Load.Attempts)/a.p.Seconds
	if l.Rate.Per > time.Second { // the peak of a second says little of a longer time
		peak = mean
	}
	facts := fmt.Sprintf("%s attempts a second on average, and %d at most in one second", number(mean), seen.Load.InSecond)
	rate := l.Rate
	least := loadRoom * float64(seen.Load.InSecond) * min(l.Rate.Per.Seconds(), 1) // for what came at once
	rate.Count = niceCount(max(loadRoom*peak*l.Rate.Per.Seconds(), least))
	switch {
	case seen.Refused > 0 && l.Mode == resil.ModeEnforce:
		s.change(g.directive, "mode", "observe", "it refused %d calls; how many there would be can only be seen without it", seen.Refused)
	case peak > loadTight*second:
		s.change(g.directive, "rate", rate.String(), "%s; raise it if the callee allows that", facts)
	case second > loadLoose*max(peak, mean) && rate.Count < l.Rate.Count:
		rate.Count = niceCount(max(2*loadRoom*peak*l.Rate.Per.Seconds(), least))
		if rate.Count >= l.Rate.Count {
			break
		}
		s.change(g.directive, "rate", rate.String(), "%s: a loop that runs away would go unnoticed up to %s times that", facts, number(second/peak))
	}
	a.propose(g.place(), g.directive, s, g.methods...)
}

// directive returns a directive of the method.
func (m *Method) directive(name string) Directive {
	for _, d := range m.Directives {
		if d.Name == name {
			return d
		}
	}
	return Directive{Name: name, Text: name}
}

// room is a limit with head-room over what was seen.
func room(o Observed) time.Duration {
	want := p99Room * float64(o.P99)
	if o.P999 > 0 {
		want = max(p99Room*float64(o.P99)/p999Room, p999Room*float64(o.P999))
	}
	return nice(time.Duration(want))
}

// quantiles says what was seen.
func quantiles(o Observed) string {
	text := "p99 is " + directive.Rounded(o.P99)
	if o.P999 > 0 {
		text += " and p99.9 is " + directive.Rounded(o.P999)
	}
	return text
}

// steps are the numbers that people write, up to the next power of ten.
var steps = []float64{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10}

// nice rounds a duration up to one that people write.
func nice(d time.Duration) time.Duration {
	return max(time.Duration(niceFloat(float64(d))), time.Millisecond)
}

// niceCount rounds a count up to one that people write.
func niceCount(n float64) int { return max(int(math.Ceil(min(niceFloat(n), 1<<62))), 1) }

func niceFloat(x float64) float64 {
	if x <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(x)))
	for _, step := range steps {
		if step*unit >= x*(1-1e-9) {
			return math.Round(step*unit*10) / 10
		}
	}
	return 10 * unit
}

// text is a duration as it stands in a directive.
func text(d time.Duration) string { return directive.Duration(d) }

// span is a number of seconds for people to read.
func span(seconds float64) string {
	return directive.Rounded(time.Duration(min(seconds, 1e9) * float64(time.Second)).Round(time.Second))
}

func percent(share float64) string { return number(100*share) + "%" }

func factor(a, b time.Duration) string { return number(math.Round(float64(a) / float64(b))) }

// number is a number for people to read, with three digits at most behind zeros.
func number(x float64) string { return strconv.FormatFloat(round(x), 'f', -1, 64) }
