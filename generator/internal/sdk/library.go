// Package sdk is what resilgen knows of client libraries, as data: how a library shows
// itself in signatures, what its errors say, what may be repeated. Each library has a
// file of its own, its recipe. The recipes are proved against the real libraries in the
// module corpus.
package sdk

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// A Library is a recipe: what is known of one client library.
type Library struct {
	Name  string   // in classify directives and messages
	Ident string   // in names of generated functions, as in GRPC
	Title string   // in documentation
	Tried []string // modules with the versions that the recipe was tried with, as in path@v1.2.3; empty for the standard library

	// Shown has the packages whose types in a signature show the library. A path that
	// ends in /... stands for all packages below it too. Major versions in paths do not
	// count.
	Shown []string

	// Behind names the library through which programs use this one, and whose signatures
	// do not show it, as those of database/sql do not show the driver. Empty if there is
	// none.
	Behind string

	// Glue is Go source: imports, and functions that classify. The generator copies the
	// functions into its output and adapts their names.
	//
	//	func classify(err error) resil.Verdict
	//
	// gets the errors of all methods. One with another first parameter, as in
	//
	//	func classifyResponse(resp *http.Response, err error) resil.Verdict
	//
	// gets the results of methods that return such a value. A function like
	//
	//	func failedRow(err error) *sql.Row
	//
	// makes a result that holds an error, where results have one inside instead of beside
	// them and no method SetErr.
	Glue string

	// ResultsSay is set where a method that returns such a value needs no reading of its
	// errors.
	ResultsSay bool

	// Safe and Unsafe are patterns of method names, as in path.Match: methods that may be
	// repeated whatever their names say, and methods that must not be. Unsafe wins. A
	// pattern may begin with a type and a dot, as in Client.Query*.
	Safe, Unsafe []string

	// Tokens has the fields of parameters whose value makes the callee do a call once
	// only, however often it gets it. Where the method has one, the generator sets it.
	Tokens []string

	Retries Retries  // what the library repeats by itself
	Timeout string   // what a timeout needs that the library has switched off, a sentence; empty if it obeys contexts
	Notes   []string // facts that a user of the library should know, a sentence each
}

// Retries says how often a library makes a call by itself.
type Retries struct {
	Attempts int    // total calls, the first included, without any setting; 0 if it repeats none, -1 if only the context ends it
	Switch   string // Go code that stops it, as in grpc.WithDisableRetry(); empty if nothing does
}

// All returns the recipes, sorted by name.
func All() []*Library { return all }

// Named returns the recipe with a name; nil if there is none.
func Named(name string) *Library {
	i := slices.IndexFunc(all, func(l *Library) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// Drivers returns the names of the libraries that can stand behind l, sorted.
func (l *Library) Drivers() (names []string) {
	for _, other := range all {
		if other.Behind == l.Name {
			names = append(names, other.Name)
		}
	}
	return names
}

// TriedFor returns the module, with its version, with which the recipe was tried and that
// has a package. Another is set if that module has another major version than the package,
// whose own has not been tried.
func (l *Library) TriedFor(importPath string) (module string, another bool) {
	for _, tried := range l.Tried {
		module, _, _ := strings.Cut(tried, "@")
		rest, ok := strings.CutPrefix(importPath, module)
		if ok && (rest == "" || rest[0] == '/') && Versionless(rest) == rest {
			return tried, false
		}
	}
	for _, tried := range l.Tried {
		module, _, _ := strings.Cut(tried, "@")
		module = Versionless(module)
		if plain := Versionless(importPath); plain == module || strings.HasPrefix(plain, module+"/") {
			return tried, true
		}
	}
	return importPath + "@latest", false
}

// IsShownBy reports whether a type of the package with that import path shows the
// library.
func (l *Library) IsShownBy(importPath string) bool {
	importPath = Versionless(importPath)
	return slices.ContainsFunc(l.Shown, func(shown string) bool {
		if below, ok := strings.CutSuffix(shown, "/..."); ok {
			return importPath == below || strings.HasPrefix(importPath, below+"/")
		}
		return importPath == shown
	})
}

// Repeatable says what the recipe knows about repeating calls of a method: whether it
// is safe, and whether the recipe knows at all. Owner is the name of the interface or
// type that has the method.
func (l *Library) Repeatable(owner, method string) (safe, known bool) {
	matches := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			of, name, qualified := strings.Cut(pattern, ".")
			if !qualified {
				of, name = owner, pattern
			}
			ok, _ := path.Match(name, method)
			return ok && of == owner
		})
	}
	if matches(l.Unsafe) {
		return false, true
	}
	return true, matches(l.Safe)
}

var majorVersion = regexp.MustCompile(`/v[0-9]+(/|$)`)

// Versionless returns an import path without a major version.
func Versionless(importPath string) string {
	if !strings.Contains(importPath, "/v") {
		return importPath
	}
	return majorVersion.ReplaceAllString(importPath, "$1")
}

// SameVersion returns the import path, which has a major version, with the one that another
// package of the same module has. It reports false if that is of another module.
func SameVersion(importPath, other string) (string, bool) {
	at := majorVersion.FindStringIndex(importPath)
	if at == nil {
		return "", false
	}
	module := importPath[:at[0]]
	rest, ok := strings.CutPrefix(other, module)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	version := ""
	if v := majorVersion.FindString(rest); strings.HasPrefix(rest, v) {
		version = strings.TrimSuffix(v, "/")
	}
	below := strings.TrimSuffix(majorVersion.FindString(importPath), "/")
	return module + version + importPath[at[0]+len(below):], true
}
