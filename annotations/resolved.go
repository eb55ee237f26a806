package annotations

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// A Target is a method that directives may reach: one of an interface's method set,
// as the type checker sees it.
type Target struct {
	Name string
	// Element is the element of the interface that declares or embeds the method. It
	// is nil if the interface is defined by another, as in type I io.Reader.
	Element   *ast.Field
	Guardable bool // takes a context and returns an error
}

// A Resolved is what the directives say about one method.
type Resolved struct {
	Target
	Policy Policy
	// States has the name of each guard's state, by the guard ("breaker", "limit",
	// "bulkhead"). It is named after the place of the guard's last directive: Store,
	// Store[Get*], Store[io.Reader] or Store.Get. With per=method it is always
	// Store.Get, and the policy's Per is empty.
	States map[string]string
	// Origins has the source of each directive ("retry") and field ("retry.max") that
	// the directives give. A directive that off has removed has the source of off, and
	// its fields have none.
	Origins map[string]Origin
	// OnMethod has the directives that stand on the method itself, outside profiles.
	OnMethod map[string]bool
	// Named has the directives that reach the method by its full name in methods=, outside
	// profiles.
	Named map[string]bool
	// Waivers has the checks that must not refuse the method, the innermost last.
	Waivers []Waiver

	applied []appliedProfile // the profiles that reach the method
}

// An Origin is the word that a directive or a field gets its value from. If several
// directives give one, it is the last in order.
type Origin struct {
	Pos      token.Pos // of the word
	ValuePos token.Pos // of the word's value, inside its quotes

	value string
	layer int // index of the layer that has the word
}

// EntryPos returns the position of the entry with index i in a list, such as that of
// classify.by. If no directive gives the list, it is the position of the list's
// directive.
func (m *Resolved) EntryPos(field string, i int) token.Pos {
	origin, ok := m.Origins[field]
	if !ok {
		directive, _, _ := strings.Cut(field, ".")
		return m.Origins[directive].Pos
	}
	offset := 0
	for ; i > 0; i-- {
		offset += strings.IndexByte(origin.value[offset:], ',') + 1
	}
	rest := origin.value[offset:]
	return origin.ValuePos + token.Pos(offset+len(rest)-len(strings.TrimLeft(rest, " \t")))
}

// ReportPos returns where to report a mistake at pos, the position of a word that
// reaches the method. For a word in a profile, that is the use directive, and suffix
// is the end of the message, which names the profile.
func (m *Resolved) ReportPos(fset *token.FileSet, pos token.Pos) (at token.Pos, suffix string) {
	for _, p := range m.applied {
		if p.pos <= pos && pos <= p.end {
			return p.use, fmt.Sprintf("; this comes from the profile %s (%s)", p.name, shortPosition(fset, pos))
		}
	}
	return pos, ""
}
