package generator

import "testing"

// The corpus takes RG036 for a refusal, which a fault must not pass for.
func TestCodeThatCannotBeWrittenIsNoRefusal(t *testing.T) {
	pkgs := loaded(t, "testdata/golden/client", ".")
	m := model{ctx: t.Context(), pkg: pkgs[0]}
	m.build()
	src := m.sources[0]
	src.wrappers[0].name = "1"
	if code := src.code(); code != nil {
		t.Fatalf("code: %s", code)
	}
	if len(src.diagnostics) != 1 || src.diagnostics[0].Code != codeWrite {
		t.Errorf("got %v, want one %s", src.diagnostics, codeWrite)
	}
}
