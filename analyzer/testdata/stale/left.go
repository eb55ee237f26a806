//go:build never

package stale

import "context"

//resil:retry 3
type Left interface {
	Get(ctx context.Context) error
}
