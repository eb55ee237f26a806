package emit

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/resilgen/resilgen/generator/internal/model"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// manyMethods is the number of methods from which a summary has a line for each policy
// instead of each method.
const manyMethods = 13

// summary is the part of the wrapper's doc comment that says what guards its methods, in
// two columns.
func summary(w *model.Wrapper) []string {
	type row struct {
		methods []string
		policy  string
	}
	var rows []row
	for _, m := range w.Methods {
		policy := methodSummary(m)
		i := -1
		if len(w.Methods) >= manyMethods {
			i = slices.IndexFunc(rows, func(r row) bool { return r.policy == policy })
		}
		if i < 0 {
			rows, i = append(rows, row{policy: policy}), len(rows)
		}
		rows[i].methods = append(rows[i].methods, m.Name)
	}
	widest := 0
	for _, r := range rows {
		widest = max(widest, utf8.RuneCountInString(directive.Few(r.methods)))
	}
	var lines []string
	for _, r := range rows {
		methods := directive.Few(r.methods)
		pad := strings.Repeat(" ", widest-utf8.RuneCountInString(methods)+2)
		lines = append(lines, methods+pad+r.policy)
	}
	return lines
}

// methodSummary says what guards a method.
func methodSummary(m *model.Method) string {
	if !m.HasGuard() {
		return "plain delegation"
	}
	var parts []string
	if t := m.Policy.Timeout; t != nil {
		parts = append(parts, timeoutSummary(t))
	}
	if r := m.Policy.Retry; r != nil {
		parts = append(parts, retrySummary(r))
	}
	if b := m.Policy.Breaker; b != nil {
		parts = append(parts, "breaker "+m.States["breaker"]+scopeSummary(b.Scope))
	}
	if l := m.Policy.Limit; l != nil {
		parts = append(parts, limitSummary(l, m.States["limit"]))
	}
	if b := m.Policy.Bulkhead; b != nil {
		parts = append(parts, bulkheadSummary(b, m.States["bulkhead"]))
	}
	if h := m.Policy.Hedge; h != nil {
		parts = append(parts, hedgeSummary(h))
	}
	if f := m.Policy.Fallback; f != nil {
		parts = append(parts, strings.TrimSpace("fallback "+f.Func))
	}
	if t := m.Token; t != nil {
		parts = append(parts, "token "+t.Text(m.Signature))
	}
	return strings.Join(parts, " · ")
}

// librarySummary says which client libraries classify errors; "" if none does.
func librarySummary(w *model.Wrapper) string {
	var orders []string
	methods := map[string][]string{}
	guarded := 0
	for _, m := range w.Methods {
		if m.HasGuard() {
			guarded++
		}
		if m.ByLibrary {
			order := strings.Join(m.ClassifiedBy, ", then ")
			if methods[order] == nil {
				orders = append(orders, order)
			}
			methods[order] = append(methods[order], m.Name)
		}
	}
	var text []string
	for _, order := range orders {
		whose := "Errors"
		if len(methods[order]) < guarded {
			whose += " of " + directive.Few(methods[order])
		}
		text = append(text, whose+" are classified by "+order+".")
	}
	return strings.Join(text, " ")
}

func timeoutSummary(t *resil.Timeout) string {
	var parts []string
	if t.Total > 0 {
		parts = append(parts, "timeout "+directive.Duration(t.Total))
	}
	if t.Attempt > 0 {
		parts = append(parts, "attempt "+directive.Duration(t.Attempt))
	}
	return strings.Join(parts, ", ") + modeSummary(t.Mode)
}

func retrySummary(r *resil.Retry) string {
	delay := fmt.Sprintf("%s %s–%s", r.Backoff, directive.Duration(r.Initial), directive.Duration(r.Max))
	if r.Backoff == resil.BackoffConstant {
		delay = fmt.Sprintf("%s %s", r.Backoff, directive.Duration(min(r.Initial, r.Max)))
	}
	jitter := r.Jitter.String() + " jitter"
	if r.Jitter == resil.JitterNone {
		jitter = "no jitter"
	}
	text := fmt.Sprintf("retry %d, %s, %s", r.Attempts, delay, jitter)
	if !slices.Equal(r.On, []resil.Class{resil.Infrastructure, resil.Throttled}) {
		var on []string
		for _, c := range r.On {
			on = append(on, c.String())
		}
		text += ", on " + directive.All(on)
	}
	return text + modeSummary(r.Mode)
}

func limitSummary(l *resil.Limit, owner string) string {
	text := fmt.Sprintf("limit %s %s", owner, l.Rate)
	if l.Burst != l.Rate.Count {
		text += fmt.Sprintf(" burst %d", l.Burst)
	}
	if l.Wait > 0 {
		text += " wait " + directive.Duration(l.Wait) + queueSummary(l.Queue)
	}
	return text + scopeSummary(l.Scope)
}

func bulkheadSummary(b *resil.Bulkhead, owner string) string {
	text := fmt.Sprintf("bulkhead %s %d", owner, b.Calls)
	if b.Wait > 0 {
		text += " wait " + directive.Duration(b.Wait) + queueSummary(b.Queue)
	}
	return text + scopeSummary(b.Scope)
}

func queueSummary(queue int) string {
	if queue == 0 {
		return ""
	}
	return fmt.Sprintf(" queue %d", queue)
}

func scopeSummary(s resil.Scope) string {
	text := ""
	if s.Per != "" {
		text = " per " + strings.Join(strings.Fields(s.Per), " ")
	}
	return text + modeSummary(s.Mode)
}

func modeSummary(m resil.Mode) string {
	if m == resil.ModeObserve {
		return ", observed"
	}
	return ""
}

func hedgeSummary(h *resil.Hedge) string {
	text := "hedge after " + directive.Duration(h.Delay)
	if h.Max > 1 {
		text += fmt.Sprintf(", %d at most", h.Max)
	}
	return text + modeSummary(h.Mode)
}
