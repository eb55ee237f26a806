package generator

import (
	"go/token"
	"go/types"
)

// A form is how the calls of a method are written.
type form int

const (
	plain       form = iota // as they are
	errorAlone              // through the runtime, for an error alone
	oneValue                // for one value and an error
	captured                // for results that are variables outside the closure
	hedgedError             // hedged, for an error alone
	hedgedValue             // hedged, for one value and an error
	hedgedMany              // hedged, for several values in a struct
)

// decide settles the form of the method's calls, and what of their results must be
// released.
//
// Results are captured because they are more than the runtime hands on, or because
// those of one attempt must be discarded before the next.
func (m *method) decide() {
	m.discards = nil
	for i := range m.sig.Results().Len() {
		switch t := m.sig.Results().At(i).Type(); {
		case isCloser(t):
			m.discards = append(m.discards, discard{result: i})
		case isResponse(t):
			m.discards = append(m.discards, discard{result: i, body: true})
		}
	}
	p := m.Policy
	switch values := m.sig.Results().Len() - 1; {
	case p.Skip || p.Timeout == nil && p.Retry == nil && p.Breaker == nil && p.Limit == nil &&
		p.Bulkhead == nil && p.Hedge == nil && p.Fallback == nil:
		m.form = plain
	case p.Hedge != nil && values < 1:
		m.form = hedgedError
	case p.Hedge != nil && values == 1:
		m.form = hedgedValue
	case p.Hedge != nil:
		m.form = hedgedMany
	case values > 1 || p.Retry != nil && m.discards != nil:
		m.form = captured
	case values == 1:
		m.form = oneValue
	default:
		m.form = errorAlone
	}
}

// hasGuard reports whether calls of the method go through the runtime.
func (m *method) hasGuard() bool { return m.form != plain }

// A discard is a result that must be closed by whoever gets it.
type discard struct {
	result int
	body   bool // of an *http.Response, its body
}

// closer is io.Closer.
var closer = types.NewInterfaceType([]*types.Func{types.NewFunc(token.NoPos, nil, "Close",
	types.NewSignatureType(nil, nil, nil, nil, types.NewTuple(types.NewParam(token.NoPos, nil, "", types.Universe.Lookup("error").Type())), false))}, nil).Complete()

func isCloser(t types.Type) bool { return types.Implements(t, closer) }

// isResponse reports whether t is *http.Response, whose body is to be closed.
func isResponse(t types.Type) bool {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(pointer.Elem(), "net/http", "Response")
}
