package model

import (
	"go/token"
	"go/types"
	"slices"
)

// A Form says how a method calls the callee.
type Form int

const (
	Plain        Form = iota // directly; all other forms go through the runtime
	ErrorAlone               // the call returns an error and nothing else
	OneValue                 // it returns one value and an error
	Captured                 // it stores the values in variables of the method, and returns the error
	HedgedError              // a hedged call that returns an error and nothing else
	HedgedValue              // a hedged call that returns one value and an error
	HedgedValues             // a hedged call that returns the values in a struct, and an error
	Inside                   // the call returns one value, which holds the error
	HedgedInside             // a hedged call that does
	Scanning                 // the call is made when the result is scanned
)

// settleForm decides the form of the method's calls, and which of their results must be
// discarded if they are not used.
//
// Values are captured if there are several, or if those of one attempt must be
// discarded before the next attempt.
func (m *Method) settleForm() {
	m.Discards = nil
	if m.Policy.Hedge != nil {
		m.discardHeld()
	}
	for i := range m.Signature.Results().Len() {
		switch t := m.Signature.Results().At(i).Type(); {
		case slices.ContainsFunc(m.Discards, func(d Discard) bool { return d.Result == i }):
		case isCloser(t):
			m.Discards = append(m.Discards, Discard{Result: i})
		case isResponse(t):
			m.Discards = append(m.Discards, Discard{Result: i, Path: []string{"Body"}, Checks: []int{0}})
		}
	}
	p := m.Policy
	switch values := m.Signature.Results().Len() - 1; {
	case p.Skip || len(m.guardNames()) == 0:
		m.Form = Plain
	case m.ErrorPlace == Scanned:
		m.Form = Scanning
	case m.ErrorPlace != ErrorBeside && p.Hedge != nil:
		m.Form = HedgedInside
	case m.ErrorPlace != ErrorBeside:
		m.Form = Inside
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

// A Discard is a result that must be closed if the method's caller does not get it.
type Discard struct {
	Result int      // its index
	Path   []string // of fields to what must be closed, as in Held
	Checks []int    // likewise
	Method string   // that closes it, if Close is not it or returns no error
}

// discardHeld has the parts of the results closed that are not used after the call
// because another attempt wins.
func (m *Method) discardHeld() {
	for _, h := range m.Held {
		d := Discard{Result: h.Result, Path: h.Path, Checks: h.Checks}
		switch {
		case isCloser(h.Type):
		case h.Close != "":
			d.Method = h.Close
		default:
			continue // it ends with the context of its attempt
		}
		m.Discards = append(m.Discards, d)
	}
}

// closer is io.Closer.
var closer = types.NewInterfaceType([]*types.Func{types.NewFunc(token.NoPos, nil, "Close",
	types.NewSignatureType(nil, nil, nil, nil, types.NewTuple(types.NewParam(token.NoPos, nil, "", errorType)), false))}, nil).Complete()

func isCloser(t types.Type) bool { return types.Implements(t, closer) }

// isResponse reports whether t is *http.Response.
func isResponse(t types.Type) bool {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(pointer.Elem(), "net/http", "Response")
}
