// Package init cannot be imported under its own name.
package init

import (
	"context"

	"github.com/resilgen/resilgen/generator/testdata/golden/packages/init/internal/hidden"
)

type State struct{}

type Starter interface {
	Start(ctx context.Context, from State) (State, error)
}

type Hider interface {
	hide(ctx context.Context) error
	Show(ctx context.Context) error
}

type Indirect interface {
	Named(ctx context.Context, s hidden.Struct) (hidden.Map[State], error)
	Embedded(ctx context.Context, s struct{ hidden.Struct }) error
}
