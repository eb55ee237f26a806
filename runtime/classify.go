package resil

import "time"

// A Classifier says what an error means. It is called with errors only, never with
// nil, by any number of goroutines at once. Where the class is [Undecided], the next
// classifier is asked; what this one said besides the class counts all the same.
type Classifier func(error) Verdict

// ClassifierOf returns the [Classifier] of a function that knows classes only.
func ClassifierOf(classify func(error) Class) Classifier {
	return func(err error) Verdict { return Verdict{Class: classify(err)} }
}

// ClassOf returns the class that err has where no classifier is declared and no
// context has ended: the one that its marks state, or [Network]'s, or Unknown. Of
// errors that were joined, the worst counts: SystemFault before Infrastructure,
// Throttled, Application and Unknown.
func ClassOf(err error) Class { return verdictOf(err, Verdict{}, nil).Class }

// verdictOf asks err's marks, then what the results beside it said, then the
// classifiers in order, then Network. An error that nobody knows is Unknown: it
// must not trip a breaker or repeat a call, and it is no proof that the callee is
// alive either.
func verdictOf(err error, results Verdict, classifiers []Classifier) Verdict {
	if err == nil {
		return Verdict{Class: Success}
	}
	v := declaredOf(err, results, classifiers)
	if v.Class != Undecided {
		v.complete(err)
		return v
	}
	v.add(Network(err))
	if v.Class == Undecided {
		v.Class = Unknown
	}
	v.After = max(v.After, hintOf(err))
	return v
}

// complete adds to v, whose class somebody has declared, what err says besides a
// class. An answer is never unsent by that: something was sent, or there is no answer.
func (v *Verdict) complete(err error) {
	if v.Class != Application && !v.Unsent {
		v.Unsent = search{unsentOnly: true}.find(err).Unsent
	}
	v.After = max(v.After, hintOf(err))
}

// declaredOf is verdictOf without Network: what the program, and not its error, says
// the error means. The class is Undecided where nobody says it. An error that
// somebody calls a success is Application.
func declaredOf(err error, results Verdict, classifiers []Classifier) Verdict {
	v, typedNil := stated(err)
	v.add(results)
	for _, classify := range classifiers {
		switch {
		case v.Class != Undecided:
		case typedNil:
			v.add(guarded(func() Verdict { return classify(err) }))
		default:
			v.add(classify(err))
		}
	}
	if v.Class == Success {
		v.Class = Application
	}
	return v
}

// foreignCancel reports whether err says that somebody gave up the work: another
// caller that shares it, or the callee itself. The engine asks it about errors of
// class Unknown, whose own caller still waits.
func foreignCancel(err error) bool { return Network(err).Class == Unknown }

// hintOf returns how long the callee asked to be left alone: the longest that any
// error in err's tree says.
func hintOf(err error) (after time.Duration) {
	walk(err, func(err error) bool {
		after = max(after, retryAfter(err))
		return true
	})
	return after
}

func retryAfter(err error) (after time.Duration) {
	e, ok := err.(interface{ RetryAfter() time.Duration })
	if !ok || isNil(err) {
		return 0
	}
	defer func() { _ = recover() }() // of a foreign type's method
	return e.RetryAfter()
}
