package main

import (
	"context"
	"errors"

	"github.com/zeromicro/go-zero/core/breaker"
	"github.com/zeromicro/go-zero/core/logx"
)

// goZeroBreaker's breaker has no settings. It keeps a window of 10 s and refuses
// by chance, the more likely the more calls have failed, instead of opening.
func goZeroBreaker(s stack, next store) get {
	if s != (stack{breaker: true}) {
		return nil
	}
	logx.DisableStat() // a line on the machine's load each minute
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
