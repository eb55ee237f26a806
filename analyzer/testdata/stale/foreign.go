package stale

import "context"

//resil:retry 3
type Foreign interface {
	Get(ctx context.Context) error
}
