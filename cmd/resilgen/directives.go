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
methods, or of an interface that it embeds:

` + "```go" + `
//resil:retry 5 initial=20ms
` + "```" + `

The name follows the colon. The first value may stand without its key. All others
are written key=value, without spaces around the equals sign. A value with spaces is
quoted, as in per="key(a, b)".

A directive on an interface reaches every method that takes a context and returns an
error, or the methods that methods= names. A directive on an embedded interface
reaches the methods that come from that interface. A directive on a method refines
those on the interface, key by key. The value off removes the whole directive, as in
//resil:retry off. A breaker, limit or bulkhead on an interface is shared by the
methods that the directive reaches. On a method it is that method's own.

A comment group that begins with //resil:profile gives a name to the directives below
it. //resil:use applies them anywhere in the package, as if they stood there, before
the directives beside it. The group must not belong to a declaration:

` + "```go" + `
//resil:profile internal
//resil:timeout 200ms
//resil:retry 2 initial=1ms
` + "```" + `

A comment group that begins with //resil:interface makes an interface from the
methods of another type. The directives below it are the interface's.
`

// directives is the directives command: it prints the reference of the language, or
// of one directive. It returns the exit code.
func directives(args []string, stdout, stderr io.Writer) int {
	if asksForHelp(args) {
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

// reference returns the text of docs/directives.md.
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
	fmt.Fprintf(w, "## %s\n\n%s. Stands on %s.\n\n```go\n//resil:%s\n```\n", r.Name, strings.ToUpper(r.Help[:1])+r.Help[1:], r.Place, r.Example)
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
			help += "; may stand second, without the key"
		}
		rows = append(rows, []string{k.Name, k.Default, k.Values, help})
	}
	rows.markdown(w)
}
