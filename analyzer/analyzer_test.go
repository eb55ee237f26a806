package analyzer

import (
	"flag"
	"path/filepath"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/resilgen/resilgen/generator"
)

var update = flag.Bool("update", false, "generate the outputs in testdata again")

func TestAnalyzerIsValid(t *testing.T) {
	if err := analysis.Validate([]*analysis.Analyzer{Analyzer}); err != nil {
		t.Error(err)
	}
}

// TestTestdata compares what the analyzer finds and suggests with what the
// comments in testdata want and the golden files beside them.
func TestTestdata(t *testing.T) {
	if *update {
		_, err := generator.Run(t.Context(), generator.Config{Dir: "testdata", Patterns: []string{"./noeffect", "./use", "./shortlived", "./classified"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	var packages []string
	for _, name := range []string{"mistakes", "early", "stale", "noeffect", "use", "shortlived", "caller", "classified"} {
		packages = append(packages, "./analyzer/testdata/"+name)
	}
	analysistest.RunWithSuggestedFixes(t, root(t), Analyzer, packages...)
}

// What is generated with outputs in the package is what is generated without.
func TestGoldenFilesAreFresh(t *testing.T) {
	analysistest.Run(t, root(t), Analyzer, "./generator/testdata/golden/...", "./examples/...")
}

func root(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}
