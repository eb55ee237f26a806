package main

import (
	"context"
	"errors"

	cenkalti "github.com/cenkalti/backoff/v5"
)

// cenkaltiBackoff makes a new ExponentialBackOff for each call, because concurrent
// calls cannot share one.
func cenkaltiBackoff(s stack, next store) get {
	if s != (stack{retry: true}) {
		return nil
	}
	return func(ctx context.Context, id string) (int, error) {
		b := cenkalti.NewExponentialBackOff()
		b.InitialInterval, b.MaxInterval, b.Multiplier = initialDelay, maxDelay, 2
		return cenkalti.Retry(ctx, func() (int, error) {
			v, err := next.Get(ctx, id)
			if err != nil && !errors.Is(err, errDown) {
				err = cenkalti.Permanent(err)
			}
			return v, err
		}, cenkalti.WithBackOff(b), cenkalti.WithMaxTries(attempts))
	}
}
