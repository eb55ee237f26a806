package model

import (
	"go/types"
	"slices"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// A Keeper is a type to generate. It embeds an interface, and holds the context of an
// attempt until a value of that interface has ended.
type Keeper struct {
	Type       types.Type // the interface
	Name       string     // of the type
	Function   string     // that makes one
	Overrides  []Override
	Message    types.Type           // of a stream whose first message is received at once; nil for others
	UntilEnded bool                 // it may be garbage before it ends
	TypeParams *types.TypeParamList // nil unless it mentions type parameters of its wrapper
	Named      bool                 // calls of the function must name them, because it does not mention all
}

// An Override is a method that a keeper declares itself.
type Override struct {
	Name      string
	Does      Does
	Signature *types.Signature
}

// Does is what a method does to the hold.
type Does int

const (
	Closes   Does = iota // ends it, and returns an error
	Stops                // ends it, and returns nothing
	Reads                // ends it if it returns an error, after a count
	Receives             // ends it if it returns an error, after a message
	Finishes             // ends it, with the error after a message
	Stores               // ends it if it returns an error, and stores a message
	Iterates             // ends it if it returns false
)

// fails reports whether a keeper sees failures.
func (h *Keeper) fails() bool {
	return slices.ContainsFunc(h.Overrides, func(o Override) bool { return o.Does > Stops })
}

// Field is the name of the embedded interface.
func (h *Keeper) Field() string { return gosrc.TypeObject(h.Type).Name() }

// globals returns the names of Go that the keeper's own methods use.
func (h *Keeper) globals() (names []string) {
	for _, o := range h.Overrides {
		switch o.Does {
		case Reads:
			names = append(names, "byte")
		case Stores:
			names = append(names, "any")
		}
	}
	return names
}

// keeper returns the type to generate for an interface. It returns nil if there can be
// none, or if it could not tell the end.
func (s *Source) keeper(w *Wrapper, t types.Type) *Keeper {
	if h, ok := s.keepers.At(t).(*Keeper); ok {
		return h
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && gosrc.Unwritable(named, s.Package.Types) == nil {
		t = named
	} else if alias, ok := t.(*types.Alias); !ok || gosrc.Unwritable(t, s.Package.Types) != nil || !alias.Obj().Exported() && alias.Obj().Pkg() != s.Package.Types {
		return nil
	}
	h := &Keeper{Type: t, Overrides: overrides(t), UntilEnded: givesAway(t) != ""}
	iface := t.Underlying().(*types.Interface)
	for m := range iface.Methods() {
		if m.Name() == h.Field() || !m.Exported() && m.Name() == "hold" {
			return nil // a field hides it
		}
	}
	if len(h.Overrides) == 0 {
		return nil
	}
	if hasMethod(t, "RecvMsg", "func(any) error") {
		sends := slices.ContainsFunc(slices.Collect(iface.Methods()), func(m *types.Func) bool { return m.Name() == "Send" || m.Name() == "CloseAndRecv" })
		for _, o := range h.Overrides {
			if o.Name == "Recv" && !sends && isPointer(o.Signature.Results().At(0).Type()) {
				h.Message = o.Signature.Results().At(0).Type()
			}
		}
	}
	mentioned := map[types.Type]bool{}
	gosrc.Walk(t, func(t types.Type) bool {
		if _, ok := t.(*types.TypeParam); ok {
			h.TypeParams = w.TypeParams()
			mentioned[t] = true
		}
		return true
	})
	h.Named = h.TypeParams != nil && len(mentioned) < h.TypeParams.Len()
	s.keepers.Set(t, h)
	return h
}

// overrides returns the methods of an interface that tell the end of its values.
func overrides(t types.Type) (list []Override) {
	writes := hasMethod(t, "Write", "func([]byte) (int, error)") // a connection ends when it is closed
	for m := range t.Underlying().(*types.Interface).Methods() {
		o := Override{Name: m.Name(), Signature: m.Signature()}
		ok := false
		switch name := m.Name(); {
		case slices.Contains(closingMethods, name) && hasMethod(t, name, "func() error"):
			o.Does, ok = Closes, true
		case slices.Contains(closingMethods, name) && hasMethod(t, name, "func()"):
			o.Does, ok = Stops, true
		case name == "Read" && isReader(t):
			o.Does, ok = Reads, !writes
		case name == "Recv" && deliversOne(m.Signature()):
			o.Does, ok = Receives, true
		case name == "CloseAndRecv" && deliversOne(m.Signature()):
			o.Does, ok = Finishes, true
		case name == "RecvMsg" && hasMethod(t, name, "func(any) error"):
			o.Does, ok = Stores, true
		case name == "Next" && iterates(t):
			o.Does, ok = Iterates, true
		}
		if ok {
			list = append(list, o)
		}
	}
	return list
}

// deliversOne reports whether a method returns a message and an error, and takes nothing.
func deliversOne(sig *types.Signature) bool {
	r := sig.Results()
	return sig.Params().Len() == 0 && r.Len() == 2 && types.Identical(r.At(1).Type(), errorType)
}

// iterates reports whether values of a type are iterated over with Next, and then tell
// their error with Err.
func iterates(t types.Type) bool {
	return hasMethod(t, "Next", "func() bool") && hasMethod(t, "Err", "func() error")
}

// Keepers returns the types to generate for the source, in the order of their first use.
func (s *Source) Keepers() (list []*Keeper) {
	for _, w := range s.Wrappers {
		for _, m := range w.Methods {
			for _, held := range m.Held {
				if h := held.Keeper; h != nil && m.HasGuard() && !slices.Contains(list, h) {
					list = append(list, h)
				}
			}
		}
	}
	return list
}

// nameKeepers names the types and functions that hold results, so that the package
// declares no others of the same names.
func (m *Package) nameKeepers() {
	taken := map[string]bool{}
	for _, name := range m.pkg.Types.Scope().Names() {
		taken[name] = true
	}
	for _, src := range m.Sources {
		for _, h := range src.Keepers() {
			name := h.baseName()
			h.Name, h.Function = gosrc.Unused(taken, "held"+name), gosrc.Unused(taken, "hold"+name)
			taken[h.Name], taken[h.Function] = true, true
		}
	}
}

// baseName is the name of the interface, and of the types that it is made for.
func (h *Keeper) baseName() string {
	name := gosrc.Capitalize(h.Field())
	if generic, ok := h.Type.(interface{ TypeArgs() *types.TypeList }); ok {
		for arg := range generic.TypeArgs().Types() {
			if named, ok := deref(arg).(interface{ Obj() *types.TypeName }); ok {
				name += gosrc.Capitalize(named.Obj().Name())
			}
		}
	}
	return name
}

// nameAs gives the keepers of a variant the names that they have in the source itself.
func (s *Source) nameAs(other *Source) {
	for _, h := range s.Keepers() {
		h.Name, h.Function = "held"+h.baseName(), "hold"+h.baseName()
		if same, ok := other.keepers.At(h.Type).(*Keeper); ok && same.Name != "" {
			h.Name, h.Function = same.Name, same.Function
		}
	}
}
