package annotations_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/annotations"
)

const fast = `
//resil:profile fast
// For backends in the same rack.
//resil:retry 2 initial=1ms
//resil:breaker open=1s
`

func TestProfilesAreRefined(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      map[string]string
	}{
		{"on the interface: defaults, profile, interface, method", fast + `
//resil:retry max=9s
//resil:use fast
type S interface {
	A() error
	//resil:retry 7
	B() error
	C()
}`,
			map[string]string{
				"A": "retry 2 1ms 9s 20%; breaker auto 1s S",
				"B": "retry 7 1ms 9s 20%; breaker auto 1s S",
				"C": "none",
			}},
		{"what it declares lives where it is used", fast + `
//resil:breaker
type S interface {
	A() error
	//resil:use fast
	B() error
	//resil:use fast
	//resil:breaker probes=1
	C() error
	//resil:use fast
	E_E
}`,
			map[string]string{
				"A": "breaker auto 30s S",
				"B": "retry 2 1ms 30s 20%; breaker auto 1s S.B",
				"C": "retry 2 1ms 30s 20%; breaker auto 1s S.C",
				"E": "retry 2 1ms 30s 20%; breaker auto 1s S[E_E]",
			}},
		{"for some methods, before the words for them", fast + `
//resil:use fast methods=Get*
//resil:retry 9 initial=5s
//resil:retry max=7s methods=GetB
type S interface {
	GetA() error
	GetB() error
	Put() error
}`,
			map[string]string{
				"GetA": "retry 2 1ms 30s 20%; breaker auto 1s S[Get*]",
				"GetB": "retry 2 1ms 7s 20%; breaker auto 1s S[Get*]",
				"Put":  "retry 9 5s 30s 20%",
			}},
		{"one further in refines one further out", fast + `
//resil:profile patient
//resil:retry 5

//resil:use fast
type S interface {
	//resil:use patient
	A() error
	//resil:breaker off
	B() error
}`,
			map[string]string{
				"A": "retry 5 1ms 30s 20%; breaker auto 1s S",
				"B": "retry 2 1ms 30s 20%",
			}},
		{"a profile may be below, and its own words may be off", `
//resil:breaker
type S interface {
	//resil:use open
	A() error
	B() error
}

//resil:profile open
//resil:breaker off`,
			map[string]string{"A": "none", "B": "breaker auto 30s S"}},
		{"per=method in a profile applies where the profile is used", `
//resil:profile own
//resil:limit 5/s per=method

//resil:use own
type S interface {
	A() error
	//resil:use own
	B() error
}`,
			map[string]string{"A": "limit 5/s 5 S.A", "B": "limit 5/s 5 S.B"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, methods, diagnostics := resolve(t, tt.src)
			if len(diagnostics) > 0 {
				t.Error(lines(diagnostics))
			}
			got := map[string]string{}
			for name, m := range methods {
				got[name] = brief(m)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("policies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProfilesReport(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"unknown", fast + `
//resil:use fats
type S interface { A() error }`, `
s.go:9:13: there is no profile "fats" in this package; did you mean "fast"? [RG024]
`},
		{"unknown, nothing near", fast + `
//resil:use fast
type S interface {
	//resil:use name=other
	A() error
}`, `
s.go:11:19: there is no profile "other" in this package: declare it in a comment group that begins with //resil:profile other [RG024]
`},
		{"unused", fast + `
//resil:retry
type S interface { A() error }`, `
s.go:4:1: nothing uses the profile fast: write //resil:use fast where you need it, or remove the profile [RG024]
`},
		{"twice", fast + fast + `
//resil:use fast
type S interface { A() error }`, `
s.go:9:1: the profile fast exists twice, here and at s.go:4:1: rename one of them [RG024]
`},
		{"without a name", `
//resil:profile
//resil:retry

//resil:use
type S interface { A() error }`, `
s.go:4:1: profile needs the name of a profile: write //resil:profile fast [RG024]
s.go:7:1: use needs the name of a profile: write //resil:use fast [RG024]
`},
		{"says nothing", `
//resil:profile fast

//resil:use fast
type S interface { A() error }`, `
s.go:4:1: the profile fast has no directives: write them on the lines below it, without a blank line between [RG024]
`},
		{"not by itself", `
//resil:profile fast
//resil:retry
type S interface {
	//resil:profile slow
	A() error
}

//resil:profile other
//resil:retry
var _ S // resil`, `
s.go:4:1: profile must begin a comment group of its own: put a blank line above and below the group, and write //resil:use where you need the profile [RG024]
s.go:7:2: profile must begin a comment group of its own: put a blank line above and below the group, and write //resil:use where you need the profile [RG024]
s.go:11:1: profile must begin a comment group of its own: put a blank line above and below the group, and write //resil:use where you need the profile [RG024]
`},
		{"turned off", fast + `
//resil:use fast
type S interface {
	//resil:use off
	A() error
}`, `
s.go:11:2: use cannot be turned off: turn off the profile's policies, as in //resil:retry off [RG024]
`},
		{"twice in one place", fast + `
//resil:use fast
//resil:use fast
type S interface {
	//resil:use fast
	//resil:use fast
	A() error
}`, `
s.go:10:1: use stands twice above this interface: merge the two, or name the methods of one with methods= [RG013]
s.go:13:2: use stands twice here: merge the two [RG013]
`},
		{"what cannot stand in a profile", `
//resil:profile fast methods=A
//resil:wrap name=X
//resil:skip
//resil:use other
//resil:allow RG032 "because"
//resil:fallback F
//resil:retry 2 methods=B
//resil:retry 3
//resil:braker
//resil:profile slow

//resil:use fast
type S interface { A() error }`, `
s.go:4:22: methods= is for directives above an interface: write it beside //resil:use fast [RG014]
s.go:5:1: wrap cannot stand in a profile, which holds policies only: put it where you need it [RG025]
s.go:6:1: skip cannot stand in a profile, which holds policies only: put it where you need it [RG025]
s.go:7:1: a profile cannot use another profile: copy the directives of that profile here [RG025]
s.go:8:1: allow cannot stand in a profile, because its reason is about one place: put it beside //resil:use [RG025]
s.go:9:18: a fallback function serves one method: put //resil:fallback F above that method, beside //resil:use [RG025]
s.go:10:17: methods= cannot stand in a profile: write it beside //resil:use [RG025]
s.go:11:1: retry stands twice in this profile: merge the two [RG013]
s.go:12:1: unknown directive "braker"; did you mean "breaker"? [RG002]
s.go:13:1: a comment group can hold only one profile: put a blank line above this directive [RG025]
`},
		{"the budget is the client's", `
//resil:profile fast
//resil:retry budget=10%

//resil:use fast
type S interface {
	//resil:use fast
	A() error
}`, `
s.go:9:2: the retry budget belongs to the whole client: use the profile fast above the interface, or remove budget=10% from it (s.go:5:15) [RG014]
`},
		{"what it cannot mean where it is used, there", `
//resil:profile fast
//resil:breaker slow=1s

//resil:timeout 500ms
type S interface {
	A() error
	//resil:use fast
	B() error
	//resil:use fast
	//resil:breaker slow=600ms
	C() error
}`, `
s.go:10:2: slow=1s never comes true under a timeout of 500ms; lower it; this comes from the profile fast (s.go:5:17) [RG008]
s.go:13:18: slow=600ms never comes true under a timeout of 500ms; lower it [RG008]
`},
		{"reaches nothing", fast + `
//resil:use fast
type S interface { A() }`, `
s.go:9:1: use reaches no method: no method of S takes a context and returns an error; name the methods with methods= [RG018]
`},
		{"a skipped method", fast + `
//resil:use fast
//resil:skip methods=A
type S interface {
	//resil:use fast
	A() error
	B() error
}`, `
s.go:12:2: use has no effect, because A is skipped on line 10: write //resil:skip off beside it, or remove it [RG019]
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, diagnostics := resolve(t, tt.src)
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), lines(diagnostics)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

// Profiles are the package's, except that those in tests are for tests, and files
// of other builds may be the only ones to use one.
func TestLink(t *testing.T) {
	fset := token.NewFileSet()
	parse := func(name, src string) *annotations.File {
		t.Helper()
		file, err := parser.ParseFile(fset, name, "package p\n\n"+src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		found, diagnostics := annotations.Read(fset, file)
		if len(diagnostics) > 0 && name != "/p/d.go" {
			t.Error(lines(diagnostics))
		}
		return found
	}
	files := []*annotations.File{
		parse("/p/a.go", "//resil:profile shared\n//resil:retry\n\n//resil:profile elsewhere\n//resil:retry\n\n//resil:profile tests\n//resil:retry\n\n//resil:profile idle\n//resil:retry\n"),
		parse("/p/b.go", "//resil:use shared\ntype S interface {\n//resil:use tested\nA() error\n//resil:use faulty\nB() error\n}\n"),
		parse("/p/c_test.go", "//resil:profile tested\n//resil:retry\n\n//resil:use tests\ntype T interface {\n//resil:use tested\nA() error\n}\n"),
		parse("/p/d.go", "//resil:profile faulty\n//resil:retry max=1\n"),
	}
	other := parse("/p/e_windows.go", "//resil:use elsewhere\ntype E interface { A() error }\n")
	got := annotations.Link(fset, files, other)
	want := []string{"/p/a.go:12:1: nothing uses the profile idle: write //resil:use idle where you need it, or remove the profile [RG024]\n", "", "", ""}
	for k, diagnostics := range got {
		if diff := cmp.Diff(want[k], lines(diagnostics)); diff != "" {
			t.Errorf("file %d (-want +got):\n%s", k, diff)
		}
	}
	var all []annotations.Diagnostic
	for _, f := range files {
		for _, i := range f.Interfaces {
			_, diagnostics := i.Resolve(fset, methods(i))
			all = append(all, diagnostics...)
		}
	}
	if diff := cmp.Diff(`/p/b.go:5:13: the profile tested is in a test file (c_test.go:3:1), so that only test files can use it: move it to another file [RG024]
/p/b.go:7:13: the profile faulty (d.go:3:1) has mistakes: fix them first [RG024]
`, lines(all)); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
}
