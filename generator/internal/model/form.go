package model

import (
	"go/token"
	"go/types"
)

// A Form is how the calls of a method are written.
type Form int

const (
	Plain        Form = iota // as they are
	ErrorAlone               // through the runtime, for an error alone
	OneValue                 // for one value and an error
	Captured                 // for results that are variables outside the closure
	HedgedError              // hedged, for an error alone
	HedgedValue              // hedged, for one value and an error
	HedgedValues             // hedged, for several values in a struct
)

// decide settles the form of the method's calls, and what of their results must be
// released.
//
// Results are captured because they are more than the runtime hands on, or because
// those of one attempt must be discarded before the next.
func (m *Method) decide() {
	m.Discards = nil
	for i := range m.Signature.Results().Len() {
		switch t := m.Signature.Results().At(i).Type(); {
		case isCloser(t):
			m.Discards = append(m.Discards, Discard{Result: i})
		case isResponse(t):
			m.Discards = append(m.Discards, Discard{Result: i, Body: true})
		}
	}
	p := m.Policy
	switch values := m.Signature.Results().Len() - 1; {
	case p.Skip || p.Timeout == nil && p.Retry == nil && p.Breaker == nil && p.Limit == nil &&
		p.Bulkhead == nil && p.Hedge == nil && p.Fallback == nil:
		m.Form = Plain
	case p.Hedge != nil && values < 1:
		m.Form = HedgedError
	case p.Hedge != nil && values == 1:
		m.Form = HedgedValue
	case p.Hedge != nil:
		m.Form = HedgedValues
	case values > 1 || p.Retry != nil && m.Discards != nil:
		m.Form = Captured
	case values == 1:
		m.Form = OneValue
	default:
		m.Form = ErrorAlone
	}
}

// HasGuard reports whether calls of the method go through the runtime.
func (m *Method) HasGuard() bool { return m.Form != Plain }

// A Discard is a result that must be closed by whoever gets it.
type Discard struct {
	Result int
	Body   bool // of an *http.Response, its body
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
