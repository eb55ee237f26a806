// Package verdicttest proves what the glue of a client library says of its errors.
package verdicttest

import (
	"errors"
	"fmt"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Case is an error and what the glue must say of it.
type Case struct {
	Name string
	Err  error
	Want resil.Verdict

	// Network is the class that resil.Network must give to an error that the glue leaves
	// undecided; Undecided where that does not matter.
	Network resil.Class

	// Better says that the glue knows more about the error than resil.Network, which gives
	// it another class.
	Better bool
}

// Errors checks the verdicts of glue that classifies errors: of each error by itself,
// wrapped, and joined with one that nobody knows. It fails where resil.Network contradicts
// the glue.
func Errors(t *testing.T, classify func(error) resil.Verdict, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			if c.Err == nil {
				t.Fatal("the case has no error")
			}
			for form, err := range map[string]error{
				"bare":    c.Err,
				"wrapped": fmt.Errorf("wrapped: %w", c.Err),
				"joined":  errors.Join(errors.New("other"), c.Err),
			} {
				got := classify(err)
				if c.Want.Status == 0 {
					got.Status = 0 // it is for messages, and the error has one of its own
				}
				if got != c.Want {
					t.Errorf("%s: %T %v is %+v, want %+v", form, c.Err, c.Err, got, c.Want)
				}
			}
			switch network := resil.Network(c.Err).Class; {
			case c.Want.Class == resil.Undecided:
				if network != c.Network && c.Network != resil.Undecided {
					t.Errorf("network says %v, want %v", network, c.Network)
				}
			case network != resil.Undecided && network != c.Want.Class && !c.Better:
				t.Errorf("network says %v, but the glue %v", network, c.Want.Class)
			case c.Better && (network == resil.Undecided || network == c.Want.Class):
				t.Errorf("network says %v, which does not contradict the glue", network)
			}
		})
	}
}

// TypedNil checks that a typed nil, bare and wrapped, does not end in a panic: an error
// that is one panics in none of its methods that glue may call.
func TypedNil(t *testing.T, classify func(error) resil.Verdict, errs ...error) {
	t.Helper()
	for _, err := range errs {
		for form, err := range map[string]error{"bare": err, "wrapped": wrap{err}} {
			t.Run(fmt.Sprintf("typed nil %T %s", err, form), func(t *testing.T) {
				if got := classify(err); got != (resil.Verdict{}) {
					t.Errorf("the verdict is %+v, want none", got)
				}
			})
		}
	}
}

// A wrap wraps an error without asking it for its text.
type wrap struct{ error }

func (w wrap) Error() string { return "wrapped" }
func (w wrap) Unwrap() error { return w.error }
