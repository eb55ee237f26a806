// Package packages takes types from packages that are hard to name.
package packages

import (
	"context"
	htmltemplate "html/template"
	"text/template"

	"github.com/resilgen/resilgen/generator/testdata/golden/packages/dashed-name"
	initial "github.com/resilgen/resilgen/generator/testdata/golden/packages/init"
	. "github.com/resilgen/resilgen/generator/testdata/golden/packages/template"
)

//resil:breaker
type Templates interface {
	Get(ctx context.Context, t *template.Template, h *htmltemplate.Template, own *Template) (dashed.Name, error)
	initial.Starter
}

// Hidden has three methods of one name, two of them out of reach.
//
//resil:breaker
type Hidden interface {
	initial.Hider
	dashed.Hider
	//resil:retry 2
	hide(ctx context.Context) error
}

// Internal has types of an internal package, by alias.
//
//resil:breaker
type Internal interface {
	initial.Indirect
}
