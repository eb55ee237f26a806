package mistakes

import "context"

//resil:retry 3
type Taken interface { // want `NewResilientTaken would be declared twice, .* \[RG035\]`
	Get(ctx context.Context) error
}

func NewResilientTaken() {}
