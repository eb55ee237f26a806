package model

import (
	"go/types"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// A Held is a part of a method's results that is used after the call. It keeps the context
// of its attempt alive.
type Held struct {
	Result int      // the index of the result that has it
	Path   []string // names of the fields that lead to it; empty if it is the result itself
	Checks []int    // how many fields lead to each pointer on the way that may be nil
	Way    Way
	Type   types.Type
	Keeper *Keeper // of HeldByKeeper
	Close  string  // a method, if it has to be closed: Close, Stop, Cancel or Unsubscribe
	Fails  bool    // a failure after the call can be seen
}

// A Way is how generated code holds a part of a result.
type Way int

const (
	HeldBody     Way = iota // an io.ReadCloser, by a type of the runtime
	HeldSeq                 // an iterator of single values, by a function of the runtime
	HeldSeq2                // an iterator of pairs, likewise
	HeldPointer             // until what it points to is garbage
	HeldByKeeper            // an interface, by a type that is generated for it
)

// Opens reports whether the part opens lazily, so that its first message must be waited
// for.
func (h *Held) Opens() bool { return h.Keeper != nil && h.Keeper.Message != nil }

// settleHeld finds the parts of a method's results that outlive the call, as far as its
// policy has to do with them.
func (s *Source) settleHeld(w *Wrapper, m *Method) {
	m.Held, m.Unheld = nil, ""
	if m.Policy.Skip || !m.HasContext() || !m.TellsFailure() || m.ErrorPlace == Scanned || m.Unwritable != "" {
		return
	}
	p := m.Policy
	ends := p.Timeout != nil || p.Hedge != nil // they end the context of an attempt
	if !ends && p.Breaker == nil && p.Retry == nil {
		return
	}
	values := m.Signature.Results().Len()
	if m.ReturnsError {
		values--
	}
	for i := range values {
		search := outliving{source: s, wrapper: w, result: i}
		why := search.in(m.Signature.Results().At(i).Type(), place{reachable: true})
		if why != "" && m.Unheld == "" {
			m.Unheld = why
		}
		for _, h := range search.parts {
			if ends || p.Breaker != nil && h.Fails || p.Retry != nil && h.Opens() {
				m.Held = append(m.Held, h)
			}
		}
	}
	if m.Unheld != "" {
		m.Held = nil
	}
}

// Outlives reports whether the method's results outlive the call.
func (m *Method) Outlives() bool { return len(m.Held) > 0 }

// An outliving search looks for parts of a result that are used after the call.
type outliving struct {
	source  *Source
	wrapper *Wrapper
	result  int
	parts   []Held
}

// A place is where a part of a result stands.
type place struct {
	holder    types.Type // the struct that has it, or a pointer to it; nil if it is the result
	path      []string   // of fields of the holder
	checks    []int      // as in Held
	reachable bool       // by fields, from the result
}

// in looks at a type and at what it is made of. It returns what the first part is that
// generated code cannot hold; "" if there is none.
func (s *outliving) in(t types.Type, at place) (unheld string) {
	clean := &s.source.clean
	if clean.At(t) != nil || len(at.path) > 0 && isRequest(t) {
		return ""
	}
	switch h, why := s.part(t); {
	case why != "":
		return at.describe(why)
	case h != nil && !at.reachable:
		return at.describe(usedAfterwards(t))
	case h != nil:
		h.Result, h.Path, h.Checks = s.result, at.path, at.checks
		s.parts = append(s.parts, *h)
		return ""
	}
	clean.Set(t, true)
	found := len(s.parts)
	unheld = s.inside(t, at)
	if unheld != "" || len(s.parts) > found {
		clean.Delete(t)
	}
	return unheld
}

// inside looks at what a type is made of.
func (s *outliving) inside(t types.Type, at place) (unheld string) {
	elem := func(e types.Type) string { return s.in(e, place{}) }
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return elem(u.Elem())
	case *types.Array:
		return elem(u.Elem())
	case *types.Map:
		return elem(u.Elem())
	case *types.Pointer:
		if isPointer(u.Elem()) {
			return ""
		}
		at.checks = append(slices.Clone(at.checks), len(at.path))
		if at.holder == nil {
			at.holder = t
		}
		return s.in(u.Elem(), at)
	case *types.Struct:
		if at.holder == nil {
			at.holder = t
		}
		for f := range u.Fields() {
			if !f.Exported() || isNamed(t, "net/http", "Response") && f.Name() != "Body" {
				continue
			}
			inner := at
			inner.path = append(slices.Clone(at.path), f.Name())
			if why := s.in(f.Type(), inner); why != "" {
				return why
			}
		}
	}
	return ""
}

func (at place) describe(why string) string {
	if len(at.path) == 0 {
		return why
	}
	return gosrc.Article(at.holder) + " whose field " + strings.Join(at.path, ".") + " is " + why
}

// part says how to hold a value of a type that is used after the call, or what it is if
// that is impossible. It returns nothing for a type whose values are not.
func (s *outliving) part(t types.Type) (h *Held, unheld string) {
	why := usedAfterwards(t)
	switch {
	case why == "", isResponse(t):
		return nil, ""
	case isIterator(t):
		return holdIterator(t, why)
	case isChan(t), isContext(t), isRequest(t):
		return nil, why
	}
	if gives := givesAway(t); gives != "" && (!types.IsInterface(t) || closingMethod(t) == "") {
		return nil, gosrc.Article(t) + " whose method " + gives
	}
	_, isParam := types.Unalias(t).(*types.TypeParam)
	switch {
	case isParam:
		return nil, why
	case types.IsInterface(t) && types.Identical(t.Underlying(), readCloser):
		return &Held{Way: HeldBody, Type: t, Close: "Close", Fails: true}, ""
	case types.IsInterface(t):
		keeper := s.source.keeper(s.wrapper, t)
		if keeper == nil {
			return nil, why
		}
		return &Held{Way: HeldByKeeper, Type: t, Keeper: keeper, Close: closingMethod(t), Fails: keeper.fails()}, ""
	case isPointer(t):
		return &Held{Way: HeldPointer, Type: t, Close: closingMethod(t)}, ""
	}
	return nil, why
}

// holdIterator holds iter.Seq, iter.Seq2 and functions of the same type that have no
// name.
func holdIterator(t types.Type, why string) (*Held, string) {
	yield := t.Underlying().(*types.Signature).Params().At(0).Type().Underlying().(*types.Signature)
	_, named := types.Unalias(t).(*types.Named)
	n := yield.Params().Len()
	switch {
	case n == 1 && (!named || isNamed(t, "iter", "Seq")):
		return &Held{Way: HeldSeq, Type: t}, ""
	case n == 2 && (!named || isNamed(t, "iter", "Seq2")):
		return &Held{Way: HeldSeq2, Type: t, Fails: types.Identical(yield.Params().At(1).Type(), errorType)}, ""
	}
	return nil, why
}

// readCloser is what io.ReadCloser is declared as.
var readCloser = interfaceOf(map[string]*types.Signature{
	"Close": signatureOf(nil, errorType),
	"Read":  signatureOf([]types.Type{types.NewSlice(types.Typ[types.Byte])}, types.Typ[types.Int], errorType),
})

func interfaceOf(methods map[string]*types.Signature) *types.Interface {
	var list []*types.Func
	for name, sig := range methods {
		list = append(list, types.NewFunc(0, nil, name, sig))
	}
	return types.NewInterfaceType(list, nil).Complete()
}

func signatureOf(params []types.Type, results ...types.Type) *types.Signature {
	tuple := func(list []types.Type) *types.Tuple {
		var vars []*types.Var
		for _, t := range list {
			vars = append(vars, types.NewParam(0, nil, "", t))
		}
		return types.NewTuple(vars...)
	}
	return types.NewSignatureType(nil, nil, nil, tuple(params), tuple(results), false)
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// closingMethods end the use of a value. They come in this order where it has several.
var closingMethods = []string{"Close", "Stop", "Cancel", "Unsubscribe"}

// closingMethod returns the first of closingMethods that the type has; "" if it has none.
func closingMethod(t types.Type) string {
	for _, name := range closingMethods {
		if hasMethod(t, name, "func()") || hasMethod(t, name, "func() error") {
			return name
		}
	}
	return ""
}

// givesAway says which method of a type gives away what may be used when the value itself
// is garbage: a channel, an iterator or a stream; "" if there is none.
func givesAway(t types.Type) string {
	for sel := range types.NewMethodSet(t).Methods() {
		sig := sel.Obj().(*types.Func).Signature()
		if sig.Params().Len() > 0 || sig.Results().Len() != 1 || !sel.Obj().Exported() {
			continue
		}
		name, result := sel.Obj().Name(), sig.Results().At(0).Type()
		switch {
		case isSignal(result):
		case isChan(result):
			return name + " gives a channel"
		case isIterator(result):
			return name + " gives an iterator"
		case slices.Contains(gosrc.Words(name), "Stream") && closingMethod(result) != "":
			return name + " gives " + gosrc.Article(result)
		}
	}
	return ""
}

// isSignal reports whether t is a channel that carries no data.
func isSignal(t types.Type) bool {
	c, ok := t.Underlying().(*types.Chan)
	if !ok {
		return false
	}
	s, ok := c.Elem().Underlying().(*types.Struct)
	return ok && s.NumFields() == 0 || types.Identical(c.Elem(), errorType)
}
