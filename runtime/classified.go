package resil

import "context"

// CallClassified is [Call] for methods whose result can say that the call failed.
// classify gets the results of every attempt, with its error, which may be nil, and
// returns a [Class] or a [Verdict]. It goes before the classifiers of the method.
// Undecided leaves an error to them, and makes a result without an error a success.
//
// Retry and breaker go by the class, whether there is an error or not. When the
// attempts end, the last results come back as the callee returned them: a nil
// error stays nil.
func CallClassified[T any, C Class | Verdict](ctx context.Context, m *Method, f func(context.Context) (T, error), classify func(T, error) C) (T, error) {
	var value T
	var last lastResult
	err := m.run(ctx, func(ctx context.Context) error {
		v, err := f(ctx)
		value = v
		return last.classified(askResults(v, err, classify), err)
	})
	if err != nil && m.isInjected(err) {
		value = *new(T) // not those of an earlier attempt
	}
	return value, last.final(m, err)
}

// RunClassified is [CallClassified] for functions that leave their results in variables,
// where classify finds them.
func RunClassified[C Class | Verdict](ctx context.Context, m *Method, f func(context.Context) error, classify func(error) C) error {
	var last lastResult
	err := m.run(ctx, func(ctx context.Context) error {
		err := f(ctx)
		return last.classified(askError(err, classify), err)
	})
	return last.final(m, err)
}

// HedgedClassified is [Hedged] with a result classifier, as in [CallClassified]. An
// attempt that classify calls a failure does not win. classify is called by several
// goroutines at once.
func HedgedClassified[T any, C Class | Verdict](ctx context.Context, m *Method, f func(context.Context) (T, error), classify func(T, error) C, discard func(T)) (T, error) {
	type results struct {
		value T
		lastResult
	}
	throw := func(r results) {
		if discard != nil {
			discard(r.value)
		}
	}
	r, err := Hedged(ctx, m, func(ctx context.Context) (r results, err error) {
		r.value, err = f(ctx)
		err = r.classified(askResults(r.value, err, classify), err)
		return r, err
	}, throw)
	return r.value, r.final(m, err)
}

// askResults calls a result classifier, which returns a Class or a Verdict.
func askResults[T any, C Class | Verdict](value T, err error, classify func(T, error) C) Verdict {
	if err != nil && hollow(err) {
		return asVerdict(guarded(func() C { return classify(value, err) }))
	}
	return asVerdict(classify(value, err))
}

// askError calls a result classifier that finds the other results in variables.
func askError[C Class | Verdict](err error, classify func(error) C) Verdict {
	if err != nil && hollow(err) {
		return asVerdict(guarded(func() C { return classify(err) }))
	}
	return asVerdict(classify(err))
}

// A lastResult is what the call must know, when it ends, about the last results.
type lastResult struct{ silent bool } // the callee returned no error

// classified returns the error that the engine gets for an attempt.
func (l *lastResult) classified(v Verdict, err error) error {
	v.Class, l.silent = v.Class.known(), err == nil
	if v == (Verdict{}) || err == nil && v.Class <= Success {
		return err
	}
	return &classified{v, err}
}

// final is the error of the call of m. err is the engine's.
func (l *lastResult) final(m *Method, err error) error {
	if l.silent && err != nil && !isLostResult(err) && !m.isInjected(err) {
		return nil
	}
	return err
}

// A classified carries what a result classifier returns into the engine. Callers never
// get one.
type classified struct {
	verdict Verdict
	error   // the callee's, or nil
}

// unwrapVerdict returns both parts of a classified, and any other error as it is.
func unwrapVerdict(err error) (results Verdict, callee error) {
	if c, ok := err.(*classified); ok {
		return c.verdict, c.error
	}
	return Verdict{}, err
}
