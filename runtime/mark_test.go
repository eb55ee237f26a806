package resil

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMarksKeepTheError(t *testing.T) {
	marks := []func(error) error{App, Infra, System, Unsent, Final, func(err error) error { return Throttle(err, 0) }}
	for _, mark := range marks {
		if mark(nil) != nil {
			t.Error("a mark made an error of nil")
		}
		if err := mark(errOdd); !errors.Is(err, errOdd) || err.Error() != errOdd.Error() {
			t.Errorf("got %v, want it to read and unwrap as %v", err, errOdd)
		}
	}
}

func TestMarksCombine(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Verdict
	}{
		{Unsent(errOdd), Verdict{Class: Unknown, Unsent: true}},
		{Final(errOdd), Verdict{Class: Unknown, Final: true}},
		{Unsent(Infra(errOdd)), Verdict{Class: Infrastructure, Unsent: true}},
		{Infra(Unsent(errOdd)), Verdict{Class: Infrastructure, Unsent: true}},
		{Final(Throttle(errOdd, time.Minute)), Verdict{Class: Throttled, After: time.Minute, Final: true}},
		{Unsent(App(errOdd)), Verdict{Class: Application, Unsent: true}},
		{wrapped(Final(wrapped(Unsent(wrapped(System(errOdd)))))), Verdict{Class: SystemFault, Unsent: true, Final: true}},
		{errors.Join(Final(errOdd), Unsent(errOdd), Infra(errOdd)), Verdict{Class: Infrastructure, Unsent: true, Final: true}},
		{App(Throttle(errOdd, time.Second)), Verdict{Class: Application, After: time.Second}},
		{Throttle(Throttle(errOdd, time.Minute), time.Second), Verdict{Class: Throttled, After: time.Minute}},
		{Throttle(errOdd, -time.Second), Verdict{Class: Throttled}},
		{App(&net.OpError{Op: "dial", Err: errOdd}), Verdict{Class: Application}},
		{Infra(&net.OpError{Op: "dial", Err: errOdd}), Verdict{Class: Infrastructure, Unsent: true}},
	} {
		if got := verdictOf(tt.err, Verdict{}, nil); got != tt.want {
			t.Errorf("%#v is %+v, want %+v", tt.err, got, tt.want)
		}
	}
}

// A marked is an error that was put together at random, with what its marks say.
type markedError struct {
	err   error
	class Class // Undecided if no mark states one
	final bool
	sent  bool // no mark says that nothing was sent, or one that only speaks of the last attempt
}

func drawMarked(t *rapid.T, depth int) markedError {
	if depth == 0 {
		return markedError{errOdd, Undecided, false, true}
	}
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		all := markedError{sent: true}
		var errs []error
		for range rapid.IntRange(1, 3).Draw(t, "branches") {
			b := drawMarked(t, depth-1)
			errs = append(errs, b.err)
			all.class = worse(all.class, b.class)
			all.final = all.final || b.final
			all.sent = all.sent && b.sent
		}
		all.err = errors.Join(errs...)
		if len(errs) == 2 && rapid.Bool().Draw(t, "verbs") {
			all.err = fmt.Errorf("%w: %w", errs[0], errs[1])
		}
		return all
	}
	e := drawMarked(t, depth-1)
	inner := e.err
	state := func(c Class, err error) { e.class, e.err = c, err }
	switch rapid.SampledFrom([]string{"App", "Infra", "System", "Throttle", "Unsent", "Final", "verb", "refusal", "timeout", "exhausted", "budget"}).Draw(t, "around") {
	case "App":
		state(Application, App(inner))
	case "Infra":
		state(Infrastructure, Infra(inner))
	case "System":
		state(SystemFault, System(inner))
	case "Throttle":
		state(Throttled, Throttle(inner, time.Second))
	case "Unsent":
		e.sent, e.err = false, Unsent(inner)
	case "Final":
		e.final, e.err = true, Final(inner)
	case "verb":
		e.err = wrapped(inner)
	case "refusal": // after one attempt
		state(Throttled, &Error{Reason: ErrLimited, Attempts: 1, Err: inner})
	case "timeout":
		state(Infrastructure, &Error{Reason: ErrTimeout, Attempts: 1, Err: inner})
	case "exhausted":
		e.sent, e.err = true, &Error{Reason: ErrExhausted, Attempts: 3, Err: inner}
	case "budget":
		e.err = &Error{Reason: ErrBudget, Attempts: 1, Err: inner}
	}
	return e
}

// A mark is found wherever it stands, and no classifier overrules it. In a chain the
// outermost class wins, and in a join the worst; a nested client's error states a
// class only where that client refused or timed out.
func TestMarksWinFromAnyDepth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawMarked(t, rapid.IntRange(0, 6).Draw(t, "depth"))
		other := rapid.SampledFrom([]Class{Application, Infrastructure, SystemFault, Throttled, Unknown}).Draw(t, "classifier")
		v := verdictOf(e.err, Verdict{}, []Classifier{func(error) Verdict { return Verdict{Class: other} }})
		want := e.class
		if want == Undecided {
			want = other
		}
		if v.Class != want || v.Final != e.final || v.Unsent == e.sent {
			t.Errorf("%#v is %+v, want class %v, final %t, sent %t", e.err, v, want, e.final, e.sent)
		}
	})
}

// The order of joined errors, and how they are put together, changes no class.
func TestJoinedErrorsHaveNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var errs []error
		for range rapid.IntRange(1, 4).Draw(t, "branches") {
			errs = append(errs, drawError(t, 3))
		}
		shuffled := slices.Clone(errs)
		for i := range shuffled {
			j := rapid.IntRange(0, i).Draw(t, "swap")
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		}
		want := verdictOf(errors.Join(errs...), Verdict{}, nil)
		for _, err := range []error{errors.Join(shuffled...), errors.Join(shuffled[0], errors.Join(shuffled[1:]...))} {
			if got := verdictOf(err, Verdict{}, nil); got != want {
				t.Errorf("%+v and %+v for\n%#v and\n%#v", want, got, errs, shuffled)
			}
		}
	})
}
