package sdk

import (
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestRecipesAreComplete(t *testing.T) {
	identifier := regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	for _, l := range All() {
		t.Run(l.Name, func(t *testing.T) {
			if l.Name == "" || l.Name != strings.ToLower(l.Name) || !token.IsIdentifier(l.Name) {
				t.Errorf("the name %q is not a word in small letters", l.Name)
			}
			if !identifier.MatchString(l.Ident) || l.Title == "" || len(l.Shown) == 0 {
				t.Errorf("Ident, Title or Shown are missing or wrong: %+v", l)
			}
			for _, shown := range l.Shown {
				if shown != Versionless(shown) {
					t.Errorf("%s has a major version, which the paths that are compared with it have not", shown)
				}
			}
			for _, tried := range l.Tried {
				if module, version, ok := strings.Cut(tried, "@"); !ok || module == "" || !strings.HasPrefix(version, "v") {
					t.Errorf("%s is not a module with a version", tried)
				}
			}
			if l.Behind != "" && (Named(l.Behind) == nil || Named(l.Behind).Behind != "") {
				t.Errorf("it stands behind %q, which is no library, or stands behind another", l.Behind)
			}
			for _, pattern := range slices.Concat(l.Safe, l.Unsafe) {
				if _, err := path.Match(pattern, ""); err != nil {
					t.Errorf("pattern %q: %v", pattern, err)
				}
			}
			if r := l.Retries; r.Attempts < -1 || r.Attempts == 0 && r.Switch != "" {
				t.Errorf("what the library repeats is wrong: %+v", r)
			}
			for _, note := range l.Notes {
				if !strings.HasSuffix(note, ".") {
					t.Errorf("note %q is not a sentence", note)
				}
			}
			for _, f := range l.Funcs() {
				for _, global := range f.Globals() {
					if types.Universe.Lookup(global) == nil {
						t.Errorf("%s uses %s, which is neither imported under that name nor a name of Go", f.Suffix, global)
					}
				}
				if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") {
					t.Errorf("%s has no comment that begins with its name and ends with a full stop", f.Suffix)
				}
				for _, name := range f.Globals() {
					if types.Universe.Lookup(name) == nil {
						t.Errorf("%s refers to %s, which the glue neither imports by that name nor declares", f.Suffix, name)
					}
				}
			}
		})
	}
	if !slices.IsSortedFunc(All(), func(a, b *Library) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the recipes are not sorted by name")
	}
}

// The code that is copied must be the same function under all names.
func TestGlueIsCopiedUnderOtherNames(t *testing.T) {
	for _, l := range All() {
		for _, f := range l.Funcs() {
			plain := f.Code("f", func(i Import) string { return i.Name }, func(name string) string { return name })
			other := f.Code("g", func(i Import) string { return i.Name + "pkg" }, func(name string) string { return name + "X" })
			for _, code := range []string{plain, other} {
				if _, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+code, 0); err != nil {
					t.Errorf("%s: %v\n%s", l.Name, err, code)
				}
			}
			for _, local := range f.locals {
				other = regexp.MustCompile(`\b`+local+`X\b`).ReplaceAllString(other, local)
			}
			for _, i := range append(slices.Clone(f.Imports), Import{runtimePath, "resil"}) {
				other = strings.ReplaceAll(other, i.Name+"pkg.", i.Name+".")
			}
			if other = strings.Replace(other, "func g(", "func f(", 1); plain != other {
				t.Errorf("%s under other names is another function:\n%s\n%s", l.Name, plain, other)
			}
		}
	}
}

func TestLibraryIsShownByItsPackages(t *testing.T) {
	l := &Library{Shown: []string{"example.com/one", "example.com/tree/..."}}
	for path, want := range map[string]bool{
		"example.com/one":         true,
		"example.com/one/v3":      true,
		"example.com/one/below":   false,
		"example.com/tree":        true,
		"example.com/tree/v2/a":   true,
		"example.com/treehouse":   false,
		"example.com/other":       false,
		"example.com/one/v3x":     false,
		"example.com/tree/v2/a/b": true,
	} {
		if got := l.IsShownBy(path); got != want {
			t.Errorf("IsShownBy(%q) = %t, want %t", path, got, want)
		}
	}
}

func TestUnsafeWinsOverSafe(t *testing.T) {
	l := &Library{Safe: []string{"Get*", "Client.Query*"}, Unsafe: []string{"GetDel"}}
	for _, c := range []struct {
		owner, method string
		safe, known   bool
	}{
		{"X", "Get", true, true},
		{"X", "GetDel", false, true},
		{"Client", "QueryRow", true, true},
		{"Other", "QueryRow", true, false},
	} {
		safe, known := l.Repeatable(c.owner, c.method)
		if known != c.known || known && safe != c.safe {
			t.Errorf("Repeatable(%s, %s) = %t, %t", c.owner, c.method, safe, known)
		}
	}
}

func TestPackagesOfAModuleHaveOneVersion(t *testing.T) {
	for _, c := range []struct{ path, other, want string }{
		{"example.com/m/v2/a/b", "example.com/m/v2/c", "example.com/m/v2/a/b"},
		{"example.com/m/v2/a/b", "example.com/m/v3", "example.com/m/v3/a/b"},
		{"example.com/m/v2/a/b", "example.com/m/c", "example.com/m/a/b"},
		{"example.com/m/v2/a/b", "example.com/m", "example.com/m/a/b"},
		{"example.com/m/v2", "example.com/m/v11/c", "example.com/m/v11"},
		{"example.com/m/v2", "example.com/mc/v3", ""},
		{"example.com/m/v2", "context", ""},
		{"example.com/m/a", "example.com/m/v2/a", ""},
	} {
		got, ok := SameVersion(c.path, c.other)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("SameVersion(%q, %q) = %q, %t, want %q", c.path, c.other, got, ok, c.want)
		}
	}
}

func TestModulesThatWereTried(t *testing.T) {
	l := &Library{Tried: []string{"example.com/a/v2@v2.1.0", "example.com/a@v1.9.0", "example.com/b/v5@v5.0.1"}}
	for _, c := range []struct {
		path, want string
		another    bool
	}{
		{"example.com/a", "example.com/a@v1.9.0", false},
		{"example.com/a/c", "example.com/a@v1.9.0", false},
		{"example.com/a/v2/c", "example.com/a/v2@v2.1.0", false},
		{"example.com/a/v3/c", "example.com/a/v2@v2.1.0", true},
		{"example.com/b/v4", "example.com/b/v5@v5.0.1", true},
		{"example.com/b/v4/c", "example.com/b/v5@v5.0.1", true},
		{"example.com/bc", "example.com/bc@latest", false},
	} {
		if got, another := l.TriedFor(c.path); got != c.want || another != c.another {
			t.Errorf("TriedFor(%q) = %q, %t, want %q, %t", c.path, got, another, c.want, c.another)
		}
	}
}

func TestEveryPackageOfGlueIsOfAModuleThatWasTried(t *testing.T) {
	for _, l := range All() {
		for _, f := range l.Funcs() {
			for _, i := range f.Imports {
				if tried, another := l.TriedFor(i.Path); strings.Contains(i.Path, ".") && (another || strings.HasSuffix(tried, "@latest")) {
					t.Errorf("%s: %s", l.Name, i.Path)
				}
			}
		}
	}
}
