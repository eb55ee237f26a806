package explain

import (
	"slices"
	"strconv"
	"strings"
)

// A Change says how one interface has changed.
type Change struct {
	Package     string         `json:"package"`
	Interface   string         `json:"interface"`
	Kind        Kind           `json:"change"`
	Differences []Difference   `json:"differences,omitempty"` // those of the wrapper as a whole
	Methods     []MethodChange `json:"methods,omitempty"`     // that have changed, in the order of the source
}

// A MethodChange says how methods have changed. Methods with the same change share one.
type MethodChange struct {
	Names       []string     `json:"names"`
	Kind        Kind         `json:"change"`
	Differences []Difference `json:"differences,omitempty"`
}

// A Kind says how something changed.
type Kind string

const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// A Difference is one thing in which two policies differ. Old is empty if it is new, and
// New is empty if it is gone.
type Difference struct {
	What string `json:"what"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// String returns a line such as "GetUser: retry attempts 3 → 5".
func (c MethodChange) String() string {
	text := strings.Join(c.Names, ", ") + ": "
	if c.Kind != Changed {
		text += string(c.Kind)
	}
	if c.Kind == Added && c.Differences == nil {
		text += ", plain delegation"
	}
	for k, d := range c.Differences {
		switch {
		case c.Kind == Changed && k == 0:
			text += d.String()
		case c.Kind == Changed:
			text += ", " + d.String()
		case d.What == worstCase:
			text += ", " + d.What + " " + d.New
		default:
			text += ", " + d.New
		}
	}
	return text
}

const worstCase = "worst case"

// String returns a text such as "retry attempts 3 → 5".
func (d Difference) String() string {
	switch {
	case d.Old == "":
		return d.New + " added"
	case d.New == "":
		return d.Old + " removed"
	}
	return d.What + " " + d.Old + " → " + d.New
}

// Compare returns the interfaces that have changed: those of old, in their order, then
// those that are new.
func Compare(old, new []Interface) []Change {
	var changes []Change
	for _, was := range old {
		c := Change{Package: was.Package, Interface: was.Name, Kind: Removed}
		if is := find(new, was); is != nil {
			c.Kind, c.Methods = Changed, compareMethods(was.Methods, is.Methods)
			if was.Wrapper != is.Wrapper {
				c.Differences = []Difference{{"wrapper", was.Wrapper, is.Wrapper}}
			}
			if len(c.Methods)+len(c.Differences) == 0 {
				continue
			}
		}
		changes = append(changes, c)
	}
	for _, is := range new {
		if find(old, is) == nil {
			changes = append(changes, Change{Package: is.Package, Interface: is.Name, Kind: Added, Methods: compareMethods(nil, is.Methods)})
		}
	}
	return changes
}

// find returns the interface in list that has the name and package of i; nil if there is
// none.
func find(list []Interface, i Interface) *Interface {
	for k := range list {
		if list[k].Package == i.Package && list[k].Name == i.Name {
			return &list[k]
		}
	}
	return nil
}

func compareMethods(old, new []Method) []MethodChange {
	var changes []MethodChange
	add := func(name string, kind Kind, differences []Difference) {
		for k, c := range changes {
			if c.Kind == kind && slices.Equal(c.Differences, differences) {
				changes[k].Names = append(c.Names, name)
				return
			}
		}
		changes = append(changes, MethodChange{[]string{name}, kind, differences})
	}
	named := func(list []Method, name string) int {
		return slices.IndexFunc(list, func(m Method) bool { return m.Name == name })
	}
	for _, is := range new {
		if k := named(old, is.Name); k < 0 {
			var all []Difference
			if len(is.Directives) > 0 {
				all = append(differences(Method{Worst: is.Worst}, is), Difference{worstCase, "", bounded(is.Worst.Time)})
			}
			add(is.Name, Added, all)
		} else if differences := differences(old[k], is); len(differences) > 0 {
			add(is.Name, Changed, differences)
		}
	}
	for _, was := range old {
		if named(new, was.Name) < 0 {
			add(was.Name, Removed, nil)
		}
	}
	return changes
}

func differences(old, new Method) (found []Difference) {
	add := func(what, was, is string) {
		if was != is {
			found = append(found, Difference{what, was, is})
		}
	}
	named := func(list []Directive, name string) int {
		return slices.IndexFunc(list, func(d Directive) bool { return d.Name == name })
	}
	for _, is := range new.Directives {
		k := named(old.Directives, is.Name)
		if k < 0 {
			add(is.Name, "", is.Text)
			continue
		}
		was := old.Directives[k]
		for _, key := range keysOf(was, is) {
			add(is.Name+" "+key, valueOrNone(was, key), valueOrNone(is, key))
		}
		add(is.Name+" state", was.State, is.State)
	}
	for _, was := range old.Directives {
		if named(new.Directives, was.Name) < 0 {
			add(was.Name, was.Text, "")
		}
	}
	if old.Classifier != "" && new.Classifier != "" {
		add("classifier", old.Classifier, new.Classifier)
	}
	calls := Difference{"calls", strconv.Itoa(old.Worst.Calls), strconv.Itoa(new.Worst.Calls)}
	if !slices.Contains(found, Difference{"retry attempts", calls.Old, calls.New}) {
		add("calls at most", calls.Old, calls.New)
	}
	if old.Worst.Time != new.Worst.Time {
		add(worstCase, bounded(old.Worst.Time), bounded(new.Worst.Time))
	} else {
		add(worstCase+" with Retry-After", bounded(old.Worst.Hinted), bounded(new.Worst.Hinted))
	}
	return found
}

// keysOf returns the keys that either directive sets.
func keysOf(was, is Directive) (keys []string) {
	for _, s := range slices.Concat(is.Settings, was.Settings) {
		if !slices.Contains(keys, s.Key) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

func valueOrNone(d Directive, key string) string {
	if value, ok := d.setting(key); ok {
		return value
	}
	return "none"
}
