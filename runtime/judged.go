package resil

import (
	"context"
	"errors"
)

// ErrResult stands for the error of a call whose callee returned none and said
// in its result that it failed. A fallback is called for it, and a breaker shows
// it as its last error; the call itself returns the callee's results as they are.
var ErrResult = errors.New("the result says that the call failed")

// CallJudged is [Call] for methods that can say in their result that they failed.
// judge is asked about the results of every attempt, the error among them, which
// may be nil. What it says goes before the method's classifiers; Undecided leaves
// an error to them and takes everything else for a success.
//
// Retry and breaker go by the class, whether there is an error or not. When the
// attempts end, the last results come back as the callee returned them: a nil
// error stays nil.
func CallJudged[T any](ctx context.Context, m *Method, f func(context.Context) (T, error), judge func(T, error) Class) (T, error) {
	var value T
	var a answer
	err := m.run(ctx, func(ctx context.Context) error {
		v, err := f(ctx)
		value = v
		return a.judged(judge(v, err), err)
	}, nil)
	return value, a.final(err)
}

// RunJudged is [CallJudged] for functions that leave their results in variables,
// where judge finds them.
func RunJudged(ctx context.Context, m *Method, f func(context.Context) error, judge func(error) Class) error {
	var a answer
	err := m.run(ctx, func(ctx context.Context) error {
		err := f(ctx)
		return a.judged(judge(err), err)
	}, nil)
	return a.final(err)
}

// HedgedJudged is [Hedged] with a judge as [CallJudged] has it. An attempt wins
// only if judge does not say that it failed. judge is called by several
// goroutines at once.
func HedgedJudged[T any](ctx context.Context, m *Method, f func(context.Context) (T, error), judge func(T, error) Class, discard func(T)) (T, error) {
	type results struct {
		value T
		answer
	}
	throw := func(r results) {
		if discard != nil {
			discard(r.value)
		}
	}
	r, err := Hedged(ctx, m, func(ctx context.Context) (r results, err error) {
		r.value, err = f(ctx)
		err = r.judged(judge(r.value, err), err)
		return r, err
	}, throw)
	return r.value, r.final(err)
}

// An answer is what is to be known of the callee's last one when the call ends.
type answer struct{ silent bool } // about having failed: its error was nil

// judged is what the engine gets to see of an attempt.
func (a *answer) judged(class Class, err error) error {
	class, a.silent = known(class), err == nil
	if class == Undecided || err == nil && class == Success {
		return err
	}
	return &verdict{class, err}
}

// final is the error of the call. err is the engine's.
func (a *answer) final(err error) error {
	if a.silent {
		return nil
	}
	return err
}

// A verdict takes the class of an attempt's results to the engine. It does not
// leave it.
type verdict struct {
	class Class
	error // the callee's, or nil
}

// opened takes apart what an attempt's function returned.
func opened(err error) (said Class, callee error) {
	if v, ok := err.(*verdict); ok {
		return v.class, v.error
	}
	return Undecided, err
}
