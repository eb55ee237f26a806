package main

import "testing"

// The test wraps the standard library only. The modules take longer: make corpus.
func TestStandardLibrary(t *testing.T) {
	failures, err := run(t.Context(), t.TempDir(), []string{"std"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if failures > 0 {
		t.Errorf("failures: %d; to keep the wrappers, run: go run . -o folder std", failures)
	}
}
