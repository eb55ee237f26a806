package noeffect

import "context"

// want +2 `timeout has no effect here: .* \[RG061\]`
//
//resil:timeout 2s
//resil:timeout 3s methods=Get,Put
//resil:retry 3
//resil:breaker
type Store interface {
	// want +2 `retry has no effect here`

	//resil:retry 3
	Get(ctx context.Context) error
	// want +2 `retry has no effect here`

	//resil:retry attempts=3
	//resil:breaker
	Put(ctx context.Context) error
	// want +2 `skip has no effect here`

	//resil:skip
	Close() error
}

// want +3 `idempotent has no effect here`
//
//resil:breaker
//resil:idempotent methods=Get*
//resil:wrap name=Guarded
type Reader interface {
	GetUser(ctx context.Context) error
}

//resil:retry 3
//resil:idempotent
//resil:wrap
type Writer interface {
	CreateUser(ctx context.Context) error
	// want +2 `idempotent has no effect here`

	//resil:idempotent off
	//resil:retry off
	DeleteUser(ctx context.Context) error
}

// want +3 `classify has no effect here`
//
//resil:breaker
//resil:classify network
type ByDefault interface {
	Get(ctx context.Context) error
}

//resil:breaker
//resil:classify all
type Refined interface {
	Get(ctx context.Context) error
	//resil:classify network
	Put(ctx context.Context) error
}

// Bare has a wrapper without policies.
//
//resil:retry off
type Bare interface {
	Get(ctx context.Context) error
}
