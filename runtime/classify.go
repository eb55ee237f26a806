package resil

import (
	"context"
	"errors"
	"time"
)

// ClassOf returns the class that err has where no classifier is declared and no
// context has ended: its mark's, or [Network]'s, or Application.
func ClassOf(err error) Class { return classOf(err, Undecided, nil) }

// classOf asks err's mark, then what the results beside it said, then the
// classifiers in order, then Network. An error that nobody knows is Application:
// what we do not understand must not trip a breaker or repeat a call. So is one
// that somebody calls a success.
func classOf(err error, resultClass Class, classifiers []Classifier) Class {
	if err == nil {
		return Success
	}
	if c := markOf(err); c != Undecided {
		return c
	}
	if resultClass != Undecided {
		return max(resultClass, Application)
	}
	for _, classify := range classifiers {
		if c := known(classify(err)); c != Undecided {
			return max(c, Application)
		}
	}
	if c := Network(err); c != Undecided {
		return c
	}
	return Application
}

// known is c, or Undecided if there is no such class.
func known(c Class) Class {
	if c > Canceled {
		return Undecided
	}
	return c
}

// markOf returns the class of the outermost error in err's tree that states one:
// a mark, or what a client nested in the callee says of its own part.
func markOf(err error) (class Class) {
	walk(err, func(err error) bool {
		switch e := err.(type) {
		case *mark:
			class = e.class
		case *Error:
			switch {
			case e.Reason == ErrOpen, e.Reason == ErrLimited, e.Reason == ErrFull:
				class = Throttled
			case e.Reason == ErrTimeout, e.timedOut:
				class = Infrastructure
			}
		}
		return class == Undecided
	})
	return class
}

// hintOf returns how long the callee asked to be left alone: the longest time that
// an error in err's tree says, 0 if none does.
func hintOf(err error) (after time.Duration) {
	walk(err, func(err error) bool {
		if e, ok := err.(interface{ RetryAfter() time.Duration }); ok {
			after = max(after, e.RetryAfter())
		}
		return true
	})
	return after
}

// walk visits err's tree, parents first, until visit returns false.
func walk(err error, visit func(error) bool) bool {
	for err != nil {
		if !visit(err) {
			return false
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, err := range e.Unwrap() {
				if !walk(err, visit) {
					return false
				}
			}
			return true
		default:
			return true
		}
	}
	return true
}

// Network is the classifier that stands behind every other. It knows connection
// errors, timeouts and truncated answers as Infrastructure and certificate
// errors as SystemFault, by type and never by text, and leaves the rest
// undecided.
func Network(err error) (class Class) {
	if errors.Is(err, context.DeadlineExceeded) {
		return Infrastructure
	}
	walk(err, func(err error) bool {
		class = networkClass(err)
		return class == Undecided
	})
	return class
}

// All is [Network] with every error that Network does not know as
// Infrastructure: for backends whose errors all mean trouble.
func All(err error) Class {
	if c := Network(err); c != Undecided {
		return c
	}
	return Infrastructure
}
