package generator

import (
	"testing"

	"github.com/resilgen/resilgen/generator/internal/model"
)

// The corpus takes RG036 for a refusal, which a fault must not pass for.
func TestCodeThatCannotBeWrittenIsNoRefusal(t *testing.T) {
	pkgs := loaded(t, "testdata/golden/client", ".")
	m := model.Build(t.Context(), pkgs[0])
	src := m.Sources[0]
	src.Wrappers[0].Name = "1"
	if code := codeOf(src); code != nil {
		t.Fatalf("code: %s", code)
	}
	if len(src.Diagnostics) != 1 || src.Diagnostics[0].Code != codeWrite {
		t.Errorf("got %v, want one %s", src.Diagnostics, codeWrite)
	}
}
