package stale

import "context"

//resil:retry 3
type Missing interface { // want `^missing_resil.go is out of date`
	Get(ctx context.Context) error
}
