package resil

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Where a program looks for a method by a name that is no constant, the linker keeps
// every exported method of every type, and programs grow by half. This package must
// not be the one that does.
func TestReflectionKeepsNoMethodsAlive(t *testing.T) {
	if testing.Short() {
		t.Skip("builds two programs")
	}
	kept := func(tags string) bool {
		program := filepath.Join(t.TempDir(), "linked")
		if out, err := exec.Command("go", "build", "-tags="+tags, "-o="+program, "./testdata/linked").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		symbols, err := exec.Command("go", "tool", "nm", program).CombinedOutput()
		if err != nil {
			t.Fatalf("go tool nm: %v\n%s", err, symbols)
		}
		if !strings.Contains(string(symbols), "main.odd.Error") {
			t.Fatal("the program does not hold the type")
		}
		return strings.Contains(string(symbols), "MethodThatNobodyCalls")
	}
	if kept("") {
		t.Error("the linker keeps a method that nobody calls: is there a MethodByName without a constant, or a Method(i)?")
	}
	if !kept("variable") {
		t.Error("a program that looks for a method by a variable name does not keep it: this test shows nothing")
	}
}
