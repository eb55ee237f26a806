package main

import (
	"context"
	"errors"

	"github.com/zeromicro/go-zero/core/breaker"
	"github.com/zeromicro/go-zero/core/logx"
)

// goZeroBreaker has a breaker without settings. It has a window of 10 s. Instead of
// opening, it refuses calls at random, and more of them the more calls have failed.
func goZeroBreaker(s stack, next store) get {
	if s != (stack{breaker: true}) {
		return nil
	}
	logx.DisableStat() // it would log the load of the machine each minute
	b := breaker.NewBreaker()
	acceptable := func(err error) bool { return err == nil || !errors.Is(err, errDown) }
	return func(ctx context.Context, id string) (v int, err error) {
		err = b.DoWithAcceptableCtx(ctx, func() (err error) {
			v, err = next.Get(ctx, id)
			return err
		}, acceptable)
		return v, err
	}
}
