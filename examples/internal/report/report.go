// Package report prints the checks of a demonstration.
package report

import (
	"fmt"
	"io"
	"sync"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Report prints checks to W, and counts those that fail. It must not be used
// concurrently.
type Report struct {
	W      io.Writer
	Client *resil.Client // whose changes of state it prints; nil for none
	failed int

	mu      sync.Mutex
	changes []string // that have not been printed
}

// Section prints the title of the checks that follow.
func (r *Report) Section(title string) {
	r.printChanges()
	fmt.Fprintf(r.W, "\n%s\n", title)
}

// Check prints what was seen, with ✓ if it is as it should be and ✗ if not.
func (r *Report) Check(ok bool, format string, args ...any) {
	r.printChanges()
	mark := "✓"
	if !ok {
		mark = "✗"
		r.failed++
	}
	fmt.Fprintf(r.W, "  %s %s\n", mark, fmt.Sprintf(format, args...))
}

// Err returns an error if a check has failed.
func (r *Report) Err() error {
	if r.failed > 0 {
		return fmt.Errorf("checks that failed: %d", r.failed)
	}
	return nil
}
