package load

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The export data of a newer Go release may have another format.
func TestSourcesAreReadIfExportDataIsUnreadable(t *testing.T) {
	l, err := New(t.Context(), "../../testdata/golden", []string{"./signatures"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := l.scan()
	if err != nil {
		t.Fatal(err)
	}
	if err := forEach(all, (*candidate).parse); err != nil {
		t.Fatal(err)
	}
	imported, err := l.cmd.graph(t.Context(), importPaths(all))
	if err != nil {
		t.Fatal(err)
	}
	strange := filepath.Join(t.TempDir(), "export")
	if err := os.WriteFile(strange, []byte("!<arch>\nof the future"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, p := range imported {
		p.Export = strange
	}
	l.Notes = nil
	l.importer = newImporter(l.fset, l.cmd, imported)
	l.check(all)
	if len(l.Notes) != 1 {
		t.Errorf("notes %q, want one that says why it is slower", l.Notes)
	}
	for _, c := range all {
		if len(c.TypeErrors) > 0 {
			t.Errorf("%s: %v", c.PkgPath, c.TypeErrors)
		}
	}
	if !slices.ContainsFunc(all, func(c *candidate) bool { return c.Types.Scope().Len() > 0 }) {
		t.Error("nothing was type-checked")
	}
}
