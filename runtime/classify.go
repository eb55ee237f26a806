package resil

import "time"

// A Classifier says what an error means. It is never called with nil, and must allow
// calls by several goroutines at once. Where its class is [Undecided], the next
// classifier decides the class; the other fields of its Verdict still count.
type Classifier func(error) Verdict

// ClassifierOf returns the [Classifier] of a function that knows classes only.
func ClassifierOf(classify func(error) Class) Classifier {
	return func(err error) Verdict { return Verdict{Class: classify(err)} }
}

// ClassOf returns the class that err has where no classifier is declared and no
// context has ended: that of its marks, or [Network]'s, or Unknown. For nil it is
// Success. Of errors that were joined, the worst counts: SystemFault before
// Infrastructure, Throttled, Application and Unknown. It may be called concurrently.
func ClassOf(err error) Class { return verdictOf(err, Verdict{}, nil).Class }

// verdictOf classifies err by its marks, then by results, which is the result
// classifier's, then by the classifiers in order, then by Network. An error that none
// of them knows is Unknown: it must not open a breaker or repeat a call, and it does
// not show that the callee works either.
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

// complete adds to v, whose class is decided, what err says besides a class. It never
// makes an answer unsent: without a request there is no answer.
func (v *Verdict) complete(err error) {
	if v.Class != Application && !v.Unsent {
		v.Unsent = search{unsentOnly: true}.find(err).Unsent
	}
	v.After = max(v.After, hintOf(err))
}

// declaredOf is verdictOf without Network: what the program declares about the error.
// The class is Undecided where the program declares none. An error that the program
// declares a success is Application.
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

// foreignCancel reports whether err, which is of class Unknown, says that somebody
// else gave up the work, while the caller still waits: another caller that shares it,
// or the callee itself.
func foreignCancel(err error) bool { return Network(err).Class == Unknown }

// hintOf returns how long the callee asks to be left alone: the longest time that any
// error in err's tree has. It is 0 for none.
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
