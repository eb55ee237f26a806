package main

import (
	"fmt"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// instead has what to write for words that are commands of other programs.
var instead = map[string]string{
	"check": "resilgen -check", "verify": "resilgen -check", "lint": "resilgen -check", "diff": "resilgen -diff",
	"generate": "resilgen", "gen": "resilgen", "run": "resilgen", "build": "resilgen",
}

// noCommand says what to write for a first argument that names no package and was probably
// meant as a command; "" for others.
func noCommand(args []string) string {
	if len(args) == 0 || strings.ContainsAny(args[0], `./\`) {
		return ""
	}
	text, ok := instead[args[0]]
	if args[0] == "help" {
		text, ok = strings.Join(append(append([]string{"resilgen"}, args[1:]...), "-h"), " "), true
	}
	if near := directive.Nearest(args[0], []string{"explain", "directives", "version", "vet", "fleet"}); !ok && near != "" {
		text, ok = "resilgen "+near, true
	}
	if !ok {
		return ""
	}
	return fmt.Sprintf("there is no command and no package %s; write %s", args[0], text)
}
