package sdk

// The header Stripe-Should-Retry goes before the status, as in stripe-go. A conflict, and
// a lock that was not to be had in time, come of another request for the same object.
var stripeLibrary = &Library{
	Name:  "stripe",
	Ident: "Stripe",
	Title: "Stripe",
	Tried: []string{"github.com/stripe/stripe-go/v82@v82.5.1"},
	Shown: []string{"github.com/stripe/stripe-go/..."},
	Glue: `
import (
	"errors"

	stripe "github.com/stripe/stripe-go/v82"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Stripe by their status, and by what its header says
// about repeating.
func classify(err error) resil.Verdict {
	e, ok := errors.AsType[*stripe.Error](err)
	if !ok || e == nil || e.HTTPStatusCode == 0 {
		return resil.Verdict{}
	}
	v := resil.HTTPStatus(e.HTTPStatusCode)
	if e.HTTPStatusCode == 409 {
		v.Class = resil.Throttled // a conflict with another request
	}
	if r := e.LastResponse; r != nil {
		v = v.Or(resil.HTTPResponse(e.HTTPStatusCode, r.Header))
		switch r.Header.Get("Stripe-Should-Retry") {
		case "false":
			v.Final = true
		case "true":
			if v.Class == resil.Application {
				v.Class = resil.Throttled
			}
		}
	}
	return v
}
`,
	Unsafe:  []string{"Apply*"}, // moves money
	Tokens:  []string{"IdempotencyKey"},
	Retries: Retries{Attempts: 3, Switch: "stripe.BackendConfig{MaxNetworkRetries: stripe.Int64(0)}"},
	Notes: []string{
		"stripe-go makes a new idempotency key for every call that has none, so that a retry around it charges twice unless IdempotencyKey is set.",
		"A key that was used with other parameters is refused.",
	},
}
