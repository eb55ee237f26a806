// Package annotations reads //resil: directives from Go source and turns them
// into policies, remembering where each word stood.
package annotations

import (
	"go/ast"

	resil "github.com/resilgen/resilgen/runtime"
)

// Language is every directive that may stand on an interface, an embedded
// interface or a method. Its tags are those of [resil.Policy], and on lists where a
// directive or key may stand, if not everywhere: interface, embedded, method or
// group, a comment group of its own.
type Language struct {
	Wrap *Wrap `directive:"wrap" on:"interface" help:"generates a wrapper, where no other directive already says so"`
	resil.Policy
	Methods []string `key:"methods" help:"on an interface: reach just the methods that match one of these comma-separated globs"`
}

// Wrap names what is generated.
type Wrap struct {
	Name string `key:"name" help:"the wrapper's name; Resilient<Interface> where it is left out"`
}

// An Interface is a type with directives of its own, on its methods or on the
// interfaces it embeds.
type Interface struct {
	// Spec declares the type. Where it names another type, as in
	// type Store io.ReadCloser, only types can tell whether it is an interface.
	Spec       *ast.TypeSpec
	Directives []Directive                // on the interface itself
	Elements   map[*ast.Field][]Directive // on a method or an embedded interface
}
