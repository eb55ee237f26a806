package mistakes

import "context"

// want +3 `unknown directive "retri"; did you mean "retry"\? \[RG002\]`
// A misspelt name.
//
//resil:retri 3
type Misspelt interface {
	Get(ctx context.Context) error
}

type NearMisses interface {
	// want +1 `this comment is not a directive: write //resil:retry 3 on a line of its own.* \[RG010\]`
	// resil:Retry 3
	Get(ctx context.Context) error
	// want +1 `this comment is not a directive: write //resil:timeout 2s on a line of its own.* \[RG010\]`
	/* resil:timeout 2s */
	Put(ctx context.Context) error
}

// want +2 `//resil:breaker stands above Plain, which is a struct, not an interface.* \[RG011\]`
//
//resil:breaker
type Plain struct{}

// want +4 `a retry may do twice what CreateUser does, .* \[RG032\]`
//
//resil:timeout 2s
//resil:idempotent methods=Open
//resil:retry 3
type Refused interface {
	Open(ctx context.Context) (<-chan int, error) // want `Open cannot have a timeout: .* \[RG034\]`
	CreateUser(ctx context.Context) error
	// want +1 `Ping has no context.Context parameter, .* \[RG030\]`
	//resil:timeout 1s
	Ping() error
}

// want +3 `unknown classifier "clasify"; did you mean "classify"\? \[RG038\]`
//
//resil:breaker
//resil:classify clasify
type Classified interface {
	Get(ctx context.Context) error
}
