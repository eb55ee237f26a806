package stale // want `^plain_resil.go is out of date`

import "context"

type Plain interface {
	Get(ctx context.Context) error
}
