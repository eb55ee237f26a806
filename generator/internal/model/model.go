// Package model resolves what the directives of loaded packages refer to, and checks
// policies against the methods that they guard. It returns data, which package emit
// prints.
package model

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/generator/internal/sdk"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Source is one file of a package, with the wrappers of its interfaces.
type Source struct {
	Package     *load.Package
	Path        string // absolute
	Output      string // path of its output
	Syntax      *ast.File
	Interfaces  []*annotations.Interface // those with directives, sound or not
	Wrappers    []*Wrapper
	Diagnostics []annotations.Diagnostic // unsorted; if there are any, nothing is to be written
	Constraint  string                   // the build constraint of the output, empty if it needs none
	Incomplete  bool                     // it needs a package that cannot be loaded here

	lifetimes lifetimes
	keepers   typeutil.Map // by the interfaces that they hold
	clean     typeutil.Map // types without parts that outlive a call
}

// A Wrapper is the wrapper of one interface.
type Wrapper struct {
	Spec        *ast.TypeSpec // declares the interface
	Directives  *annotations.Interface
	Interface   *types.TypeName
	Derived     *Derived // how the interface is made; nil if the source declares it
	Name        string
	Constructor string
	Methods     []*Method                // in the order of the source
	Classifiers []*Classifier            // functions to generate
	Libraries   []*sdk.Library           // client libraries that the signatures show
	Notes       []annotations.Diagnostic // unsorted, without codes: no mistakes, and perhaps not what the author means
	Embeds      bool                     // it embeds the interface, because some methods cannot be written in this package
	EmbeddedAs  string                   // an alias to generate, as which it embeds the interface; empty if that needs none

	OwnMethods map[string]token.Pos // methods that the package itself declares on the wrapper
}

// Declares reports whether generated code declares a method of the wrapper.
func (w *Wrapper) Declares(method string) bool {
	for _, m := range w.Methods {
		if m.Name == method {
			return m.Unwritable == ""
		}
	}
	return method == Accessor
}

// Accessor is the wrapper's method that returns its client, unless the interface has a
// method of that name.
const Accessor = "Resilience"

// A Method is a method of an interface, and what guards it.
type Method struct {
	annotations.Resolved
	Func         *types.Func
	Signature    *types.Signature // with types that this package can name, as far as possible
	Pos          token.Pos        // where it stands in the source
	Context      int              // the index of the context parameter, or -1
	Request      int              // the index of the parameter that is an *http.Request, or -1
	ReturnsError bool             // its last result is an error
	ErrorPlace   ErrorPlace       // how its only result holds the error
	Maker        *Function        // makes such a result from an error; nil unless ErrorPlace is Made
	Unwritable   string           // why it cannot be written in this package; empty if it can
	Form         Form
	Repeats      Repeats // what is known of the library behind the method
	Doc          Doc
	Discards     []Discard
	Key          *Key        // by which guards keep their state; nil if they have one state
	Fallback     *Function   // called if a call has failed; nil if there is none, or if it is the second implementation
	Held         []Held      // parts of the results that are used after the call
	Unheld       string      // one of them that generated code cannot hold; empty if there is none
	HedgeBudget  resil.Ratio // of hedges without a retry
	Token        *Token      // that all attempts of a call carry; nil for none

	ResultClassifier *Function  // classifies all results; nil if there is none
	Classifiers      []Function // classify errors, in this order
	ByLibrary        bool       // a client library classifies its outcome
	ClassifiedBy     []string   // names what classifies errors, in order, without lists; empty if no guard needs it

	declaredBy string // name of the type from whose method it is made; empty if it is none's

	maker   *sdk.Func // of a recipe
	inGroup bool      // the directives of its interface are a comment group of their own
}

// HasGuard reports whether calls of the method go through the runtime.
func (m *Method) HasGuard() bool { return m.Form != Plain }

// HasContext reports whether a call of the method has a context that can end it: that of
// a parameter or of a request.
func (m *Method) HasContext() bool { return m.Context >= 0 || m.Request >= 0 }

// TypeParams returns the type parameters of the interface, which the wrapper has too.
func (w *Wrapper) TypeParams() *types.TypeParamList {
	return w.Interface.Type().(interface{ TypeParams() *types.TypeParamList }).TypeParams() // a named type or an alias
}

// TakesFallback reports whether the constructor takes a second implementation.
func (w *Wrapper) TakesFallback() bool {
	return slices.ContainsFunc(w.Methods, func(m *Method) bool {
		f := m.Policy.Fallback
		return f != nil && f.Func == ""
	})
}

// Only returns a copy of the source that has just these wrappers, and no diagnostics.
func (s *Source) Only(wrappers ...*Wrapper) *Source {
	return &Source{Package: s.Package, Path: s.Path, Output: s.Output, Syntax: s.Syntax, Wrappers: wrappers}
}

func (s *Source) inTest() bool { return strings.HasSuffix(s.Path, "_test.go") }

// Report adds a diagnostic.
func (s *Source) Report(code string, pos token.Pos, format string, args ...any) {
	s.Diagnostics = append(s.Diagnostics, annotations.NewDiagnostic(s.Package.Fset.Position(pos), code, format, args...))
}

// reportOn reports a mistake in a method's policy. If a profile has the mistake, the
// position is where the profile is used.
func (s *Source) reportOn(m *Method, code string, pos token.Pos, format string, args ...any) {
	place, from := m.ReportPos(s.Package.Fset, pos)
	s.Report(code, place, "%s%s", fmt.Sprintf(format, args...), from)
}
