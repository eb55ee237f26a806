package main

import (
	"fmt"
	"io"
	"runtime/debug"
)

// version is the version command. It returns the exit code.
func version(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintln(stderr, "resilgen: version takes no arguments")
		return 2
	}
	fmt.Fprintln(stdout, "resilgen", moduleVersion())
	return 0
}

// moduleVersion returns the version of this module and of Go. A build from sources
// has the revision as its version.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	if info.Main.Path != modulePath {
		for _, dep := range info.Deps {
			if dep.Path == modulePath {
				text = dep.Version
			}
		}
	}
	if text == "" {
		text = "(devel)"
	}
	return text + " " + info.GoVersion
}

const modulePath = "github.com/resilgen/resilgen"
