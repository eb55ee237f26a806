package annotations_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/annotations"
)

// read parses a file whose declarations begin on line 3.
func read(t *testing.T, decls string) (*token.FileSet, []*annotations.Interface, []annotations.Diagnostic) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "s.go", "package p\n\n"+decls, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found, diagnostics := annotations.Read(fset, file)
	for _, more := range annotations.Link(fset, []*annotations.File{found}) {
		diagnostics = append(diagnostics, more...)
	}
	return fset, found.Interfaces, annotations.Sort(diagnostics)
}

func lines(diagnostics []annotations.Diagnostic) string {
	var b strings.Builder
	for _, d := range diagnostics {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

const place = "an interface, one of its methods or an interface it embeds"

var wrong = []struct{ name, src, want string }{
	{"unknown directive", `
//resil:retyr 3
type S interface{}`, `
s.go:4:1: unknown directive "retyr"; did you mean "retry"? [RG002]
`},
	{"unknown directive nowhere near", `
//resil:zzzzzz
type S interface{}`, `
s.go:4:1: unknown directive "zzzzzz"; write allow, breaker, bulkhead, classify, fallback, hedge, idempotent, interface, limit, profile, retry, skip, timeout, use or wrap [RG002]
`},
	{"unknown key", `
//resil:retry 3 jiter=full
type S interface{}`, `
s.go:4:17: unknown key "jiter"; did you mean "jitter"? [RG003]
`},
	{"unknown key near one of every directive", `
//resil:idempotent metods=Get*
type S interface{ Get() }`, `
s.go:4:20: unknown key "metods"; did you mean "methods"? [RG003]
`},
	{"key twice, also by position", `
//resil:timeout 2s total=3s
type S interface{}`, `
s.go:4:20: total is given twice; keep one [RG004]
`},
	{"bad value", `
//resil:retry initial=5
type S interface{}`, `
s.go:4:23: initial: "5": write a duration with its unit, such as 250ms, 2s or 1m30s [RG005]
`},
	{"out of range", `
//resil:breaker ratio=150%
type S interface{}`, `
s.go:4:23: ratio: "150%": write 100% or less, or off [RG006]
`},
	{"spaces around the equals sign are one mistake", `
//resil:breaker ratio = 50% min=3
type S interface{}`, `
s.go:4:17: write key=value without spaces around the equals sign [RG001]
`},
	{"a positional value that is not first", `
//resil:retry methods=A 3
type S interface{ A() }`, `
s.go:4:25: only the first word may stand without a key: write key=3, or put it first [RG001]
`},
	{"a comment after a directive", `
//resil:retry 3 // be nice
type S interface{}`, `
s.go:4:17: a directive takes its whole line; put the comment on a line of its own [RG001]
`},
	{"all at once, sorted", `
type S interface {
	//resil:limit 5
	A()
	//resil:retry initial=x max=y
	B()
}

//resil:idempotent
type T struct{}`, `
s.go:5:16: rate: "5": write a rate such as 100/s, 10/60s or 1000/m [RG005]
s.go:7:24: initial: "x": write a duration with its unit, such as 250ms, 2s or 1m30s [RG005]
s.go:7:30: max: "y": write a duration with its unit, such as 250ms, 2s or 1m30s [RG005]
s.go:11:1: //resil:idempotent stands above T, which is a struct, not an interface: put it above an interface, or in a comment group of its own that begins with //resil:interface TAPI from=T [RG011]
`},
	{"columns count the tabs before a directive as one each", `
type S interface {
		//resil:retry x
	A()
}`, `
s.go:5:17: attempts: "x": write a whole number [RG005]
`},

	{"near-miss: space", `
// resil:breaker ratio=50%
type S interface{}`, `
s.go:4:1: this comment is not a directive: write //resil:breaker ratio=50% on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: capital directive", `
type S interface {
	//resil:Breaker
	A()
}`, `
s.go:5:2: this comment is not a directive: write //resil:breaker on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: capital tool, misspelt directive", `
//Resil:Retyr 3
type S interface{}`, `
s.go:4:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: spaces around the colon", `
//resil : retry 3
type S interface{}`, `
s.go:4:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: space after the colon", `
//resil: skip
type S interface{}`, `
s.go:4:1: this comment is not a directive: write //resil:skip on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: block comment", `
/*
 resil:retry 3
*/
type S interface{}`, `
s.go:4:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: block comment with stars", `
/**
 * resil:retry 3
 */
type S interface{}`, `
s.go:4:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: invisible characters",
		"\n//\u00a0resil:retry 3\n//\u200bresil:breaker\n//resil\u2003:limit\u00a010/s\ntype S interface{ A() error }", `
s.go:4:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
s.go:5:1: this comment is not a directive: write //resil:breaker on a line of its own, in lower case and without spaces before the name [RG010]
s.go:6:1: this comment is not a directive: write //resil:limit 10/s on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: other signs and names", `
///resil:retry 3
//+resil:retry 3
// @resil:retry 3
//resilgen:retry 3
//resil retry 3
//resil-retry 3
type S interface{}`, `
s.go:4:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
s.go:5:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
s.go:6:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
s.go:7:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
s.go:8:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
s.go:9:1: this comment is not a directive: write //resil:retry 3 on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss keeps what is glued to the name", `
//Resil:Retry:5
type S interface{}`, `
s.go:4:1: this comment is not a directive: write //resil:retry 5 on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"value glued to the name", `
//resil:retry:3
//resil:limit(10/s)
//resil:timeout=2s attempt=1s
type S interface{ A() error }`, `
s.go:4:1: unknown directive "retry:3"; write //resil:retry 3 [RG002]
s.go:5:1: unknown directive "limit(10/s)"; write //resil:limit 10/s [RG002]
s.go:6:1: unknown directive "timeout=2s"; write //resil:timeout 2s attempt=1s [RG002]
`},
	{"what an example prints is no near-miss", `
func ExampleA() {
	// Output:
	// resil: retry
}

func ExampleB() {
	// Unordered output: 1
	// resil: retry
}

func ExampleC() {
	// The output:
	// resil: retry
}`, `
s.go:16:2: this comment is not a directive: write //resil:retry on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"near-miss: no name, no known name", `
//resil:
// resil: the package
type S interface{}`, `
s.go:4:1: this comment is not a directive, and there is no directive "": write //resil: and one of allow, breaker, bulkhead, classify, fallback, hedge, idempotent, interface, limit, profile, retry, skip, timeout, use, wrap, in lower case and without spaces, or change the wording [RG010]
s.go:5:1: this comment is not a directive, and there is no directive "the": write //resil: and one of allow, breaker, bulkhead, classify, fallback, hedge, idempotent, interface, limit, profile, retry, skip, timeout, use, wrap, in lower case and without spaces, or change the wording [RG010]
`},
	{"near-miss in a file without interfaces", `
func f() {
	// resil:retry
}`, `
s.go:5:2: this comment is not a directive: write //resil:retry on a line of its own, in lower case and without spaces before the name [RG010]
`},
	{"no near-miss: prose, commented-out code, strings, other tools", `
//go:generate go tool resilgen
//resilience:retry
// See resil: the runtime. Write //resil:retry 3, as in
//
//	//resil:Retry 3
/* commented out:
//resil:Retry 3
// resil:Retry 3
*/
// //resil:retry 3
type S struct{ a string ` + "`//resil:Retry`" + ` }

const s = "//resil:Retry 3"`, ``},

	{"on a struct", `
//resil:retry
type S struct{}`, `
s.go:4:1: //resil:retry stands above S, which is a struct, not an interface: put it above an interface, or in a comment group of its own that begins with //resil:interface SAPI from=S [RG011]
`},
	{"on other types", `
type (
	//resil:retry
	A func()
	//resil:retry
	B map[int]int
	//resil:retry
	C chan int
	//resil:retry
	D *int
	//resil:retry
	E []int
	//resil:retry
	F [2]int
	//resil:retry
	G (struct{})
)`, `
s.go:5:2: //resil:retry stands above A, which is a function type, not an interface: put it above ` + place + ` [RG011]
s.go:7:2: //resil:retry stands above B, which is a map, not an interface: put it above ` + place + ` [RG011]
s.go:9:2: //resil:retry stands above C, which is a channel, not an interface: put it above ` + place + ` [RG011]
s.go:11:2: //resil:retry stands above D, which is a pointer, not an interface: put it above ` + place + ` [RG011]
s.go:13:2: //resil:retry stands above E, which is a slice, not an interface: put it above ` + place + ` [RG011]
s.go:15:2: //resil:retry stands above F, which is an array, not an interface: put it above ` + place + ` [RG011]
s.go:17:2: //resil:retry stands above G, which is a struct, not an interface: put it above an interface, or in a comment group of its own that begins with //resil:interface GAPI from=G [RG011]
`},
	{"on what is no type", `
//resil:retry
import "fmt"

//resil:retry
var v = fmt.Sprint()

const (
	//resil:retry
	c = 1
)

type T struct {
	//resil:retry
	f int
}

//resil:retry
func f() {}

//resil:retry
func (T) m() {}`, `
s.go:4:1: //resil:retry stands above a declaration of another kind (import): put it above ` + place + ` [RG011]
s.go:7:1: //resil:retry stands above a declaration of another kind (var): put it above ` + place + ` [RG011]
s.go:11:2: //resil:retry stands above a variable or constant: put it above ` + place + ` [RG011]
s.go:16:2: //resil:retry stands above a field or parameter: put it above ` + place + ` [RG011]
s.go:20:1: //resil:retry stands above f, a function, and directives guard the methods of interfaces: declare one with a method like it, and put the directive above that [RG011]
s.go:23:1: //resil:retry stands above m, a method with a body: put it above an interface that has m, or in a comment group of its own that begins with //resil:interface TAPI from=T methods=m [RG011]
`},
	{"on a group of types", `
//resil:retry
type (
	A interface{}
	B interface{}
)`, `
s.go:4:1: //resil:retry stands above a group of types: put it above ` + place + ` [RG011]
`},
	{"on a type set", `
type A interface {
	//resil:retry
	int | string
}`, `
s.go:5:2: //resil:retry stands above a type set, which has no methods: put it above ` + place + ` [RG011]
`},
	{"on interfaces without a name of their own", `
type A struct {
	f interface {
		//resil:retry
		M()
	}
}

func f() {
	//resil:retry
	type I interface{ M() }
}`, `
s.go:6:3: //resil:retry stands in an interface that has no name of its own at package level: put it above ` + place + ` [RG011]
s.go:12:2: //resil:retry stands above I, which is declared inside a function and cannot be wrapped: put it above ` + place + ` [RG011]
`},
	{"after code", `
type A interface { //resil:retry
	M() //resil:timeout 1s
} //resil:breaker

var v int //resil:skip`, `
s.go:4:20: //resil:retry stands after code: put it on a line of its own above ` + place + ` [RG012]
s.go:5:6: //resil:timeout stands after code: put it on a line of its own above ` + place + ` [RG012]
s.go:6:3: //resil:breaker stands after code: put it on a line of its own above ` + place + ` [RG012]
s.go:8:11: //resil:skip stands after code: put it on a line of its own above ` + place + ` [RG012]
`},
	{"above nothing", `
//resil:retry

type A interface {
	M()
	//resil:timeout 1s
}

func f() {
	//resil:limit 1/s
}

//resil:breaker`, `
s.go:4:1: //resil:retry stands above no declaration: put it directly above ` + place + `, without a blank line between [RG012]
s.go:8:2: //resil:timeout stands above no declaration: put it directly above ` + place + `, without a blank line between [RG012]
s.go:12:2: //resil:limit stands above no declaration: put it directly above ` + place + `, without a blank line between [RG012]
s.go:15:1: //resil:breaker stands above no declaration: put it directly above ` + place + `, without a blank line between [RG012]
`},

	{"twice in one place", `
//resil:retry
//resil:retry 5
//resil:retry 6 methods=M
type A interface {
	//resil:timeout 1s
	//resil:timeout 2s
	M()
}`, `
s.go:5:1: retry stands twice above this interface: merge the two, or name the methods of one with methods= [RG013]
s.go:9:2: timeout stands twice here: merge the two [RG013]
`},
	{"what belongs on the interface", `
type A interface {
	//resil:wrap
	//resil:timeout 1s methods=M
	//resil:retry budget=10%
	M()
	//resil:retry budget=off
	N()
}`, `
s.go:5:2: wrap is for the whole interface: put it above the type [RG014]
s.go:6:21: methods= is for directives above an interface: remove it; a directive here reaches only what it stands above [RG014]
s.go:7:16: the retry budget belongs to the whole client: write budget=10% above the interface; here only budget=off is allowed [RG014]
`},
	{"what belongs on a method", `
//resil:fallback f
//resil:fallback g methods=M
type A interface {
	//resil:fallback func=h
	B
	//resil:fallback off
	C
	//resil:fallback i
	M() error
}`, `
s.go:4:18: a fallback function serves one method: put //resil:fallback f above that method; without a function, fallback makes the constructor take a second implementation [RG014]
s.go:5:18: a fallback function serves one method: put //resil:fallback g above that method; without a function, fallback makes the constructor take a second implementation [RG014]
s.go:7:19: a fallback function serves one method: put //resil:fallback h above that method; without a function, fallback makes the constructor take a second implementation [RG014]
`},
	{"wrap", `
//resil:wrap off
type A interface{}

//resil:wrap name=func methods=M
type B interface{ M() }

//resil:wrap name=my-b
type C interface{ M() }

//resil:wrap name=_
type D interface{ M() }`, `
s.go:4:1: wrap cannot be turned off: an interface without directives has no wrapper [RG014]
s.go:7:19: name: "func" is not a valid type name: write a Go identifier [RG015]
s.go:7:24: wrap is for the whole interface: remove methods= [RG014]
s.go:10:19: name: "my-b" is not a valid type name: write a Go identifier [RG015]
s.go:13:19: name: "_" is not a valid type name: write a Go identifier [RG015]
`},
	{"skip where it makes no sense", `
//resil:skip
type A interface {
	//resil:skip
	//resil:retry
	M()
	//resil:skip off
	//resil:retry
	N()
}`, `
s.go:4:1: skip above an interface leaves no method to guard: name methods with methods=, or put it above a method [RG019]
s.go:6:2: skip makes the directives beside it pointless: keep skip or the others [RG019]
`},
}

func TestReadReports(t *testing.T) {
	for _, tt := range wrong {
		t.Run(tt.name, func(t *testing.T) {
			_, _, diagnostics := read(t, tt.src)
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), lines(diagnostics)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadAttaches(t *testing.T) {
	src := `
// A is documented.
//
//resil:timeout 2s
//resil:retry 3
type A interface {
	// M is too.
	//resil:skip
	M()
	//resil:limit 5/s
	io.Reader
	//resil:idempotent
	pkg.Generic[int]
	N()
}

type (
	//resil:wrap
	B (interface{})

	C interface{}

	// D names another.
	//resil:breaker
	D io.Reader

	//resil:breaker
	E[T any] = pkg.F[T]
)

//resil:timeout 1s
type (
	//resil:breaker
	F interface{}
)

type G interface {
	//resil:skip
	M()
}
`
	_, interfaces, diagnostics := read(t, src)
	if len(diagnostics) > 0 {
		t.Error(lines(diagnostics))
	}
	names := func(directives []annotations.Directive) (names []string) {
		for _, d := range directives {
			names = append(names, d.Name)
		}
		return names
	}
	got := map[string]map[string][]string{}
	for _, i := range interfaces {
		at := map[string][]string{"": names(i.Directives)}
		for element, directives := range i.Elements {
			if len(element.Names) > 0 {
				at[element.Names[0].Name] = names(directives)
			} else {
				switch typ := element.Type.(type) {
				case *ast.SelectorExpr:
					at[typ.Sel.Name] = names(directives)
				case *ast.IndexExpr:
					at["Generic"] = names(directives)
				}
			}
		}
		got[i.Spec.Name.Name] = at
	}
	want := map[string]map[string][]string{
		"A": {"": {"timeout", "retry"}, "M": {"skip"}, "Reader": {"limit"}, "Generic": {"idempotent"}},
		"B": {"": {"wrap"}},
		"D": {"": {"breaker"}},
		"E": {"": {"breaker"}},
		"F": {"": {"timeout", "breaker"}},
		"G": {"": nil, "M": {"skip"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("directives (-want +got):\n%s", diff)
	}
}

func TestReadFollowsLineEndings(t *testing.T) {
	_, _, diagnostics := read(t, "//resil:retry x\r\ntype S interface{}\r\n\r\n//resil:timeout 2s max=1s\r\ntype T interface{}\r\n")
	want := `s.go:3:15: attempts: "x": write a whole number [RG005]
s.go:6:20: unknown key "max"; write total=1s [RG003]
`
	if diff := cmp.Diff(want, lines(diagnostics)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}
