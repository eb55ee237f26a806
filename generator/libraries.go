package generator

import "github.com/resilgen/resilgen/generator/internal/sdk"

// A Library is a client library whose errors the generator can read.
type Library struct {
	Name     string   // in classify directives
	Title    string   // for people
	Shown    []string // packages whose types in a signature show it; /... stands for all below
	Tried    []string // modules with versions, as in path@v1.2.3; empty for the standard library
	Attempts int      // calls that it makes of one by itself, the first included; -1 if only the context ends them
	Switch   string   // Go code that stops that; empty if nothing does
}

// Libraries returns the client libraries that are known, sorted by name.
func Libraries() (list []Library) {
	for _, l := range sdk.All() {
		attempts := l.Retries.Attempts
		if attempts == 0 {
			attempts = 1
		}
		list = append(list, Library{l.Name, l.Title, l.Shown, l.Tried, attempts, l.Retries.Switch})
	}
	return list
}
