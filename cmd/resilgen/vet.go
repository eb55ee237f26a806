package main

import "strings"

// asVetTool reports whether it is go vet -vettool that runs the command, which
// asks for its version and its flags and then gives it a package at a time.
func asVetTool(args []string) bool {
	if len(args) == 0 {
		return false
	}
	last := args[len(args)-1]
	return strings.HasSuffix(last, ".cfg") || len(args) == 1 && (last == "-V=full" || last == "-flags")
}
