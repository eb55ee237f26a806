// Package classified names a function of a package that only the output imports.
package classified

import "context"

//resil:breaker
//resil:classify github.com/resilgen/resilgen/analyzer/testdata/classified/status.Classify
type Store interface {
	Get(ctx context.Context) error
}
