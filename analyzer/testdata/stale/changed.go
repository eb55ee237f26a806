package stale

import "context"

//resil:retry 3
type Changed interface { // want `^changed_resil.go is out of date; run go generate \[RG060\]$`
	Get(ctx context.Context) error
}
