package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/resilgen/resilgen/docs"
	"github.com/resilgen/resilgen/internal/directive"
)

// errorCode matches an argument that is an error code and not a package. The code may
// stand in brackets, as in messages.
var errorCode = regexp.MustCompile(`^(?i)\[?(RG[0-9]+)\]?$`)

// explainCode prints what an error code means, and returns the exit code.
func explainCode(code string, stdout, stderr io.Writer) int {
	var known []string
	for _, section := range strings.Split(docs.Errors, "\n## ")[1:] {
		title, _, _ := strings.Cut(section, ":")
		if title == code {
			fmt.Fprintln(stdout, strings.TrimSpace(section))
			return 0
		}
		known = append(known, title)
	}
	if near := directive.Nearest(code, known); near != "" {
		fmt.Fprintf(stderr, "resilgen: there is no error code %s; did you mean %s?\n", code, near)
		return 2
	}
	fmt.Fprintf(stderr, "resilgen: there is no error code %s; docs/errors.md lists those from %s to %s\n", code, known[0], known[len(known)-1])
	return 2
}
