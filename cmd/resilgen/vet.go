package main

import "strings"

// asVetTool reports whether go vet -vettool runs the command. It first asks for the
// command's version and flags, and then gives it one package at a time.
func asVetTool(args []string) bool {
	if len(args) == 0 {
		return false
	}
	last := args[len(args)-1]
	return strings.HasSuffix(last, ".cfg") || len(args) == 1 && (last == "-V=full" || last == "-flags")
}
