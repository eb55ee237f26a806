package model

import "testing"

// What the go command says to run is said whole, or not at all.
func TestHintOfTheGoCommand(t *testing.T) {
	for _, tt := range []struct{ message, reason, command string }{
		{"no required module provides package x/y; to add it:\n\tgo get x/y", "no required module provides package x/y", "go get x/y"},
		{"missing go.sum entry for module providing package x/y (imported by z); to add:\n\tgo mod download x\n",
			"missing go.sum entry for module providing package x/y (imported by z)", "go mod download x"},
		{"updates to go.mod needed; to update it:\n\tgo mod tidy", "updates to go.mod needed", "go mod tidy"},
		{"module x provides package x/y and is replaced but not required; to add it:\n\tgo get x",
			"module x provides package x/y and is replaced but not required", "go get x"},
		{"inconsistent vendoring in /m:\n\tx@v1: is explicitly required in go.mod\n\n\tTo ignore the vendor directory, use -mod=mod.",
			"inconsistent vendoring in /m: x@v1: is explicitly required in go.mod To ignore the vendor directory, use -mod=mod.", ""},
		{"cannot find module providing package x: module lookup disabled by GOPROXY=off",
			"cannot find module providing package x: module lookup disabled by GOPROXY=off", ""},
	} {
		if reason, command := splitHint(tt.message); reason != tt.reason || command != tt.command {
			t.Errorf("%q:\n got %q, %q\nwant %q, %q", tt.message, reason, command, tt.reason, tt.command)
		}
	}
}
