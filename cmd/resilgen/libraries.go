package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/resilgen/resilgen/generator"
)

const librariesUsage = `usage: resilgen libraries

Libraries prints, in Markdown, the client libraries whose errors resilgen can read:
the name of each in classify, the packages that show it in a signature, the versions
that it was tried with, and what it repeats by itself.
`

const librariesIntro = `# Client libraries

The generator recognises these libraries by the types in the signatures of an
interface, and reads their errors without another word. An interface whose signatures
do not show its library names it: ` + "`//resil:classify grpc`" + `. To leave them all out, write
` + "`//resil:classify network`" + `.

`

// libraries is the libraries command: it prints which client libraries are known. It
// returns the exit code.
func libraries(args []string, stdout, stderr io.Writer) int {
	if asksForHelp(args) {
		fmt.Fprint(stdout, librariesUsage)
		return 0
	}
	if len(args) > 0 {
		fmt.Fprint(stderr, librariesUsage)
		return 2
	}
	stdout.Write(librariesTable(generator.Libraries()))
	return 0
}

// repeatsByItself says whether a library repeats calls by itself, and what stops it.
func repeatsByItself(l generator.Library) string {
	var repeats string
	switch {
	case l.Attempts < 0:
		repeats = "until the context ends"
	case l.Attempts > 1:
		repeats = fmt.Sprintf("%d calls in all", l.Attempts)
	default:
		return "no"
	}
	if l.Switch == "" {
		return repeats + "; nothing stops it"
	}
	return repeats + "; `" + strings.ReplaceAll(l.Switch, "|", `\|`) + "` stops it"
}

// librariesTable returns the text of docs/libraries.md.
func librariesTable(all []generator.Library) []byte {
	var text bytes.Buffer
	text.WriteString(librariesIntro)
	rows := table{{"name", "library", "shown by", "tried with", "repeats by itself"}}
	for _, l := range all {
		repeats := repeatsByItself(l)
		tried := strings.Join(l.Tried, "<br>")
		if tried == "" {
			tried = "the standard library"
		}
		rows = append(rows, []string{l.Name, escapeMarkdown(l.Title), strings.Join(l.Shown, "<br>"), tried, repeats})
	}
	rows.cells(&text)
	return text.Bytes()
}
