package stale

import "context"

// Only generation can find that package.
//
//resil:breaker
//resil:classify example.com/elsewhere.Classify
type Classified interface { // want `^classified_resil.go is out of date`
	Get(ctx context.Context) error
}
