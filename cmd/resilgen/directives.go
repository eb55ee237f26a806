package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
)

const directivesUsage = `usage: resilgen directives [name]

Directives prints the reference of all directives, or of one, in Markdown.
`

const directivesIntro = `# Directives

A directive is a comment line in the documentation of an interface, of one of its
methods, or of an interface embedded in it:

` + "```go" + `
//resil:retry 5 initial=20ms
` + "```" + `

Its name follows the colon. One value may stand first without its key, all others
are written key=value with nothing around the equals sign; a value with spaces in it
is quoted, as in per="key(a, b)".

On an interface a directive reaches every method that takes a context and returns
an error, or those that methods= names. On an embedded interface it reaches the
methods that come from there. Directives nearer to a method refine those further
out, key by key; the value off takes the whole directive away, as in
//resil:retry off. Breakers, limits and bulkheads belong to where they are written:
shared on an interface, a method's own on a method.

A comment group by itself that begins with //resil:profile gives the directives in it
a name, by which //resil:use applies them anywhere in the package, before those that
stand beside it and as if they stood there:

` + "```go" + `
//resil:profile internal
//resil:timeout 200ms
//resil:retry 2 initial=1ms
` + "```" + `

One that begins with //resil:interface makes an interface from the methods of another
type, and is to it what the documentation is to others.
`

// directives prints the reference of the language.
func directives(args []string, stdout, stderr io.Writer) int {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
		fmt.Fprint(stdout, directivesUsage)
		return 0
	}
	if len(args) > 1 {
		fmt.Fprint(stderr, directivesUsage)
		return 2
	}
	all := annotations.References()
	if len(args) == 0 {
		stdout.Write(reference(all))
		return 0
	}
	name := strings.TrimPrefix(strings.TrimPrefix(args[0], "//"), "resil:")
	k := slices.IndexFunc(all, func(r annotations.Reference) bool { return r.Name == name })
	if k < 0 {
		var names []string
		for _, r := range all {
			names = append(names, r.Name)
		}
		fmt.Fprintln(stderr, "resilgen:", directive.Unknown("directive", name, names))
		return 2
	}
	printDirective(stdout, all[k])
	return 0
}

// reference is the text of docs/directives.md.
func reference(all []annotations.Reference) []byte {
	var text bytes.Buffer
	text.WriteString(directivesIntro)
	text.WriteString("\nEvery directive takes:\n\n")
	printKeys(&text, annotations.CommonKeys())
	for _, r := range all {
		fmt.Fprintln(&text)
		printDirective(&text, r)
	}
	return text.Bytes()
}

func printDirective(w io.Writer, r annotations.Reference) {
	fmt.Fprintf(w, "## %s\n\n%s. Stands on %s.\n", r.Name, strings.ToUpper(r.Help[:1])+r.Help[1:], r.Place)
	if len(r.Keys) > 0 {
		fmt.Fprintln(w)
		printKeys(w, r.Keys)
	}
}

func printKeys(w io.Writer, keys []annotations.KeyReference) {
	rows := table{{"key", "default", "values", "meaning"}}
	for _, k := range keys {
		help := k.Help
		switch k.Position {
		case 1:
			help += "; may stand first, without the key"
		case 2:
			help += "; may stand behind that, without the key"
		}
		rows = append(rows, []string{k.Name, k.Default, k.Values, help})
	}
	rows.markdown(w)
}
