package main

import "testing"

// The modules take longer: make corpus.
func TestStandardLibrary(t *testing.T) {
	failures, err := run(t.Context(), t.TempDir(), []string{"std"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if failures > 0 {
		t.Errorf("%d failures; go run . -o folder std keeps the wrappers", failures)
	}
}
