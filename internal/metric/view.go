package metric

import (
	"slices"
	"strings"
)

// A View says which attributes series have.
type View struct {
	WithoutMethod bool // the series of a client's methods are added up
}

// Attributes returns those that the series of a metric have.
func (v View) Attributes(id ID) []string { return v.without(id, List[id].Attributes) }

// Values returns the values of a metric's attributes, of which there is one for each in
// the list, as exporters accept them: names of clients are free text.
func (v View) Values(id ID, values ...string) []string {
	values = v.without(id, values)
	for i, s := range values {
		values[i] = valid(s)
	}
	return values
}

// valid is a name as exporters accept it.
func valid(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// without leaves the method out if it is to be left out.
func (v View) without(id ID, list []string) []string {
	at := slices.Index(List[id].Attributes, "method")
	if !v.WithoutMethod || at < 0 {
		return list
	}
	return slices.Delete(slices.Clone(list), at, at+1)
}
