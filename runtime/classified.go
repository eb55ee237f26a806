package resil

import (
	"context"
	"errors"
)

// ErrResult stands for the error of a call whose callee returned none and said
// in its result that it failed. A fallback is called for it, and a breaker shows
// it as its last error; the call itself returns the callee's results as they are.
var ErrResult = errors.New("the result says that the call failed")

// CallClassified is [Call] for methods that can say in their result that they failed.
// classify is asked about the results of every attempt, the error among them, which
// may be nil. What it says goes before the method's classifiers; Undecided leaves
// an error to them and takes everything else for a success.
//
// Retry and breaker go by the class, whether there is an error or not. When the
// attempts end, the last results come back as the callee returned them: a nil
// error stays nil.
func CallClassified[T any](ctx context.Context, m *Method, f func(context.Context) (T, error), classify func(T, error) Class) (T, error) {
	var value T
	var a lastResult
	err := m.run(ctx, func(ctx context.Context) error {
		v, err := f(ctx)
		value = v
		return a.classified(classify(v, err), err)
	}, nil)
	return value, a.final(err)
}

// RunClassified is [CallClassified] for functions that leave their results in variables,
// where classify finds them.
func RunClassified(ctx context.Context, m *Method, f func(context.Context) error, classify func(error) Class) error {
	var a lastResult
	err := m.run(ctx, func(ctx context.Context) error {
		err := f(ctx)
		return a.classified(classify(err), err)
	}, nil)
	return a.final(err)
}

// HedgedClassified is [Hedged] with a result classifier as [CallClassified] has it. An attempt wins
// only if classify does not say that it failed. classify is called by several
// goroutines at once.
func HedgedClassified[T any](ctx context.Context, m *Method, f func(context.Context) (T, error), classify func(T, error) Class, discard func(T)) (T, error) {
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
		err = r.classified(classify(r.value, err), err)
		return r, err
	}, throw)
	return r.value, r.final(err)
}

// An answer is what is to be known of the callee's last one when the call ends.
type lastResult struct{ silent bool } // about having failed: its error was nil

// classified is what the engine gets to see of an attempt.
func (a *lastResult) classified(class Class, err error) error {
	class, a.silent = known(class), err == nil
	if class == Undecided || err == nil && class == Success {
		return err
	}
	return &classified{class, err}
}

// final is the error of the call. err is the engine's.
func (a *lastResult) final(err error) error {
	if a.silent {
		return nil
	}
	return err
}

// A verdict takes the class of an attempt's results to the engine. It does not
// leave it.
type classified struct {
	class Class
	error // the callee's, or nil
}

// opened takes apart what an attempt's function returned.
func unwrapClass(err error) (resultClass Class, callee error) {
	if v, ok := err.(*classified); ok {
		return v.class, v.error
	}
	return Undecided, err
}
