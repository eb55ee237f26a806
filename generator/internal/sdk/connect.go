package sdk

// Connect gives errors of its own the same codes as those that a server sends: what is
// wrong on the way becomes UNKNOWN or UNAVAILABLE, and a message that the client itself
// finds too large RESOURCE_EXHAUSTED.
var connectLibrary = &Library{
	Name:  "connect",
	Ident: "Connect",
	Title: "Connect",
	Tried: []string{"connectrpc.com/connect@v1.21.1"},
	Shown: []string{"connectrpc.com/connect"},
	Glue: `
import (
	"errors"

	"connectrpc.com/connect"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Connect by their code, and those that the client made
// by what it makes them of.
func classify(err error) resil.Verdict {
	e, ok := errors.AsType[*connect.Error](err)
	if !ok || e == nil {
		return resil.Verdict{}
	}
	v := resil.GRPCCode(uint32(e.Code()))
	if !connect.IsWireError(e) {
		switch e.Code() {
		case connect.CodeResourceExhausted: // a message that is too large
			return resil.Verdict{Class: resil.Application}
		case connect.CodeUnknown: // an HTTP status that no code stands for
			v.Class = resil.Infrastructure
		case connect.CodeCanceled:
			return resil.Verdict{}
		}
	}
	v.After = resil.HTTPResponse(429, e.Meta()).After
	for _, detail := range e.Details() {
		v.After = max(v.After, resil.RetryInfo(detail.Type(), detail.Bytes()))
	}
	if e.Code() == connect.CodeUnavailable && v.After > 0 {
		v.Class = resil.Throttled
	}
	return v
}
`,
	Notes: []string{
		"Clients without connect.Request in their signatures, as protoc-gen-connect-go makes with the option simple, show nothing of Connect: write //resil:classify connect.",
		"A proxy's HTTP status 429 arrives as UNAVAILABLE.",
	},
}
