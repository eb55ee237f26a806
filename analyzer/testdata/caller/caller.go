// Package caller uses another package's wrapper.
package caller

import (
	"context"

	"github.com/resilgen/resilgen/analyzer/testdata/use"
)

func call(ctx context.Context, raw use.Store) error {
	use.NewResilientStore(raw) // want `the wrapper that use.NewResilientStore returns is not kept`
	store, err := use.NewResilientStore(raw)
	if err != nil {
		return err
	}
	store.Get(ctx, 1)
	return raw.Get(ctx, 2) // want `raw.Get bypasses the wrapper of raw; call store.Get`
}
