package mistakes

import "context"

//resil:retry 3
type Taken interface { // want `generated code declares NewResilientTaken, which is already declared .* \[RG035\]`
	Get(ctx context.Context) error
}

func NewResilientTaken() {}
