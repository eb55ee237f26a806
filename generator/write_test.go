package generator

import "testing"

// The corpus takes RG036 for a refusal, which a fault must not pass for.
func TestCodeThatCannotBeWrittenIsNoRefusal(t *testing.T) {
	pkgs := loaded(t, "testdata/golden/client", ".")
	m := buildOne(t.Context(), pkgs[0])
	src := m.sources[0]
	src.wrappers[0].name = "1"
	if code := codeOf(src); code != nil {
		t.Fatalf("code: %s", code)
	}
	if len(src.diagnostics) != 1 || src.diagnostics[0].Code != codeWrite {
		t.Errorf("got %v, want one %s", src.diagnostics, codeWrite)
	}
}
