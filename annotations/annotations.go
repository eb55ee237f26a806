// Package annotations reads //resil: directives from Go source and turns them
// into policies, remembering where each word stood.
package annotations

import (
	"go/ast"
)

// Language is every directive there is. Its tags are those of [Policy], and
// on lists where a directive or key may stand, if not everywhere: interface,
// embedded, method or group, a comment group of its own.
type Language struct {
	Interface *Declaration `directive:"interface" on:"group" help:"generates an interface from the methods of another type, and its wrapper; the directives below it are the interface's"`
	Wrap      *Wrap        `directive:"wrap" on:"interface" help:"generates a wrapper, where no other directive already says so"`
	Profile   *Named       `directive:"profile" on:"group" help:"begins a comment group of its own, and gives the directives below it a name"`
	Use       *Named       `directive:"use" help:"applies the directives of a profile of the package, which those beside it refine"`
	Policy
	Allow   *Allow   `directive:"allow" help:"waives a check that refuses a method, where the author knows better"`
	Methods []string `key:"methods" help:"on an interface: reach just the methods that match one of these comma-separated globs"`
}

// Wrap names what is generated.
type Wrap struct {
	Name string `key:"name" help:"the wrapper's name; Resilient<Interface> where it is left out"`
}

// Named is the name of a profile.
type Named struct {
	Name string `key:"name,positional" help:"name of the profile"`
}

// Allow waives a check.
type Allow struct {
	Code   string `key:"code,positional" help:"code of the check: RG032, RG033 or RG034"`
	Reason string `key:"reason,positional" help:"why the method is right as it is, in quotes"`
}

// A File is what the directives of one source file say.
type File struct {
	Interfaces []*Interface // those that carry directives, in the order of the source
	Profiles   []*Profile

	uses []string // the profiles that use directives name, wherever they stand
	test bool
}

// An Interface is a type with directives of its own, on its methods or on the
// interfaces it embeds.
type Interface struct {
	// Spec declares the type. Where it names another type, as in
	// type Store io.ReadCloser, only types can tell whether it is an interface.
	Spec *ast.TypeSpec
	// Declaration is nil where the interface stands in the source. Else Spec
	// holds just its name, and the position of the directive.
	Declaration *Declaration
	Directives  []Directive                // on the interface itself
	Elements    map[*ast.Field][]Directive // on a method or an embedded interface

	profiles map[string]*Profile // of the package
	test     bool                // it is in a test file
}
