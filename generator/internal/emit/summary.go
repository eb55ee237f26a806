package emit

import (
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
	if text := named(m).String(); text != "" {
		parts = append(parts, text)
	}
	if f := m.Policy.Fallback; f != nil {
		parts = append(parts, strings.TrimSpace("fallback "+f.Func))
	}
	if t := m.Token; t != nil {
		parts = append(parts, "token "+t.Text(m.Signature))
	}
	return strings.Join(parts, " · ")
}

// named returns the method's policies with the names of what its calls share.
func named(m *model.Method) resil.Policies {
	p := m.Policy.Policies
	if p.Breaker != nil {
		own := *p.Breaker
		own.Name, p.Breaker = m.States["breaker"], &own
	}
	if p.Limit != nil {
		own := *p.Limit
		own.Name, p.Limit = m.States["limit"], &own
	}
	if p.Bulkhead != nil {
		own := *p.Bulkhead
		own.Name, p.Bulkhead = m.States["bulkhead"], &own
	}
	return p
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
