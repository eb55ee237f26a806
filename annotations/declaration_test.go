package annotations_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDeclarationIsRead(t *testing.T) {
	src := `
// Prose may stand first.
//resil:interface Objects from="sdk.Cache[string, int]" methods=Get*,Put
// And between.
//resil:retry 3
//resil:wrap name=Guarded
//go:generate true

//resil:wrap
type A interface{}

//resil:interface name=Users from=import/path.Client
`
	fset, interfaces, diagnostics := read(t, src)
	if len(diagnostics) > 0 {
		t.Error(lines(diagnostics))
	}
	type declaration struct {
		Name, From         string
		Directives         []string
		At, NameAt, FromAt int
	}
	var got []declaration
	for _, i := range interfaces {
		d := declaration{Name: i.Spec.Name.Name}
		if i.Declaration != nil {
			d.From = i.Declaration.From
			d.At = fset.Position(i.Declaration.Pos()).Line
			d.NameAt = fset.Position(i.Declaration.NamePos()).Column
			d.FromAt = fset.Position(i.Declaration.FromPos()).Column
		}
		for _, directive := range i.Directives {
			d.Directives = append(d.Directives, directive.Name)
		}
		got = append(got, d)
	}
	want := []declaration{
		{"Objects", "sdk.Cache[string, int]", []string{"retry", "wrap"}, 5, 19, 33},
		{Name: "A", Directives: []string{"wrap"}},
		{"Users", "import/path.Client", nil, 14, 24, 35},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("interfaces (-want +got):\n%s", diff)
	}
}

func TestDeclarationReports(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"what is missing", `
//resil:interface

//resil:interface Objects

//resil:interface from=Client

//resil:interface off

//resil:interface 1st from=Client

//resil:interface Objects form=Client
`, `
s.go:4:1: the interface has no name: write one after interface, as in //resil:interface Objects from=s3.Client [RG029]
s.go:6:1: interface does not say which type has the methods of Objects: write from= and a type, as in from=s3.Client [RG029]
s.go:8:1: the interface has no name: write one after interface, as in //resil:interface Objects from=s3.Client [RG029]
s.go:10:1: interface cannot be turned off: remove the group [RG014]
s.go:12:19: name: "1st" is not a valid type name: write a Go identifier [RG015]
s.go:14:27: unknown key "form"; did you mean "from"? [RG003]
`},
		{"two in a group", `
//resil:interface A from=Client
//resil:interface B from=Client
`, `
s.go:5:1: a comment group can declare only one interface: put a blank line above this directive [RG013]
`},
		{"directives as of an interface", `
//resil:interface A from=Client
//resil:retry 3
//resil:retry 4
//resil:skip
`, `
s.go:6:1: retry stands twice above this interface: merge the two, or name the methods of one with methods= [RG013]
s.go:7:1: skip above an interface leaves no method to guard: name methods with methods=, or put it above a method [RG019]
`},
		{"not first", `
//resil:retry 3
//resil:interface A from=Client
`, `
s.go:4:1: //resil:retry stands above no declaration: put it directly above an interface, one of its methods or an interface it embeds, without a blank line between [RG012]
s.go:5:1: interface must be the first directive of its comment group: put it above the others, and the group outside all declarations [RG012]
`},
		{"where a group belongs to something", `
//resil:interface A from=Client
type A interface {
	//resil:interface B from=Client
	M()
}

//resil:interface C from=Client
func f() {
	//resil:interface D from=Client

	g() //resil:interface E from=Client
}

var x int //resil:interface F from=Client
`, `
s.go:4:1: interface must stand in a comment group of its own: put the group outside all declarations, with a blank line above and below it [RG011]
s.go:6:2: interface must stand in a comment group of its own: put the group outside all declarations, with a blank line above and below it [RG011]
s.go:10:1: interface must stand in a comment group of its own: put the group outside all declarations, with a blank line above and below it [RG011]
s.go:12:2: interface must be the first directive of its comment group: put it above the others, and the group outside all declarations [RG012]
s.go:14:6: interface must stand in a comment group of its own: put the group outside all declarations, with a blank line above and below it [RG011]
s.go:17:11: interface must stand in a comment group of its own: put the group outside all declarations, with a blank line above and below it [RG011]
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, diagnostics := read(t, tt.src)
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), lines(diagnostics)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeclarationChooses(t *testing.T) {
	names := []string{"Close", "Get", "GetAll", "get", "getAll"}
	for methods, want := range map[string]string{
		"":                     "Close Get GetAll\n",
		"methods=Get*":         "Get GetAll\n",
		"methods=*":            "Close Get GetAll\n",
		"methods=get,Close":    "Close get\n",
		"methods=get*":         "get getAll\n",
		"methods=Get,Get*,Get": "Get GetAll\n",
		"methods=Clsoe,Get":    "Get\ns.go:3:41: methods: \"Clsoe\" matches no method; did you mean \"Close\"? [RG016]\n",
		"methods=[":            "\ns.go:3:41: methods: \"[\" is not a valid pattern: write a method's name, * for any letters, ? for one letter, [a-z] for one of several [RG016]\n",
	} {
		fset, interfaces, diagnostics := read(t, "//resil:interface A from=Client "+methods)
		if len(diagnostics) > 0 {
			t.Fatal(lines(diagnostics))
		}
		chosen, diagnostics := interfaces[0].Declaration.Choose(fset, names)
		if got := strings.Join(chosen, " ") + "\n" + lines(diagnostics); got != want {
			t.Errorf("%s: %s, want %s", methods, got, want)
		}
	}
}
