package main

import (
	"context"
	"errors"

	"github.com/avast/retry-go/v5"
)

// retryGoRetrier builds the retrier once, as its documentation recommends for frequent
// calls. The context is an option of the retrier, so the pauses of a shared retrier do
// not end with the context of the call.
func retryGoRetrier(s stack, next store) get {
	if s != (stack{retry: true}) {
		return nil
	}
	retrier := retry.NewWithData[int](
		retry.Attempts(attempts),
		retry.Delay(initialDelay),
		retry.MaxDelay(maxDelay),
		retry.DelayType(retry.FullJitterBackoffDelay),
		retry.RetryIf(func(err error) bool { return errors.Is(err, errDown) }),
		retry.LastErrorOnly(true),
	)
	return func(ctx context.Context, id string) (int, error) {
		return retrier.Do(func() (int, error) { return next.Get(ctx, id) })
	}
}
