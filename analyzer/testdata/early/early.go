// Package early does not compile yet.
package early

import "context"

// want +2 `retry: "0": .* \[RG006\]|attempts: "0": .* \[RG006\]`
//
//resil:retry 0
type Store interface {
	Get(ctx context.Context) error
}

func use(s Store) error {
	store, err := NewResilientStore(s)
	if err != nil {
		return err
	}
	return store.Get(context.Background())
}
