package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/resilgen/resilgen/docs"
	"github.com/resilgen/resilgen/generator"
	"github.com/resilgen/resilgen/generator/explain"
	"github.com/resilgen/resilgen/internal/directive"
)

const explainUsage = `usage: resilgen explain [-format=text|json|markdown] [-against=REV] [packages]
       resilgen explain CODE

Explain tells, for each method of the annotated interfaces, what guards it and
whose the state is, what decides the class of an error, and how much a call can
come to. Given an error code, such as RG014, it tells what that means.

`

const explainTerms = `
Worst case is the most that a call can come to where the callee obeys its
  context, a fallback's own time not counted; Retry-After stands for a callee that
  asks for the longest pause each time.
Expected is the mean where one attempt in ten fails and is retried, the callee
  answers at once, and no guard and no timeout ends a call.
In JSON, times are in seconds; null stands for one that nothing limits.
`

// runExplain tells what directives come to, or what an error code means.
func runExplain(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("resilgen explain", flag.ContinueOnError)
	format := "text"
	flags.Func("format", "`form` of the output: text, json or markdown (default text)", func(value string) error {
		if value != "text" && value != "json" && value != "markdown" {
			return fmt.Errorf("write text, json or markdown")
		}
		format = value
		return nil
	})
	against := ""
	flags.Func("against", "tell what has changed since a git `revision`", func(value string) error {
		if value == "" { // of a variable that is not set, say
			return fmt.Errorf("write a revision")
		}
		against = value
		return nil
	})
	if code, done := parse(flags, args, explainUsage, explainTerms, stdout, stderr); done {
		return code
	}
	if code := errorCode.FindStringSubmatch(flags.Arg(0)); code != nil {
		if flags.NArg() > 1 {
			fmt.Fprint(stderr, explainUsage)
			return 2
		}
		return explainCode(strings.ToUpper(code[1]), stdout, stderr)
	}
	cfg := generator.Config{Patterns: flags.Args()}
	now, err := explain.Packages(ctx, cfg)
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	code := 0
	if len(now.Diagnostics) > 0 {
		printDiagnostics(stderr, "", now.Diagnostics)
		code = 1
	}
	switch {
	case against == "":
		dir := workingDir()
		for k := range now.Interfaces {
			now.Interfaces[k].File = filepath.ToSlash(shorter(dir, now.Interfaces[k].File))
		}
		printInterfaces(stdout, format, now.Interfaces)
		return code
	case code != 0: // what a source will come to is not known before it is mended
		return code
	}
	then, err := explain.PackagesAt(ctx, cfg, against)
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	if len(then.Diagnostics) > 0 {
		printDiagnostics(stderr, "at "+against+": ", then.Diagnostics)
		code = 1
	}
	printChanges(stdout, format, explain.Compare(then.Interfaces, now.Interfaces))
	return code
}

func printInterfaces(w io.Writer, format string, interfaces []explain.Interface) {
	if format == "json" {
		printJSON(w, interfaces)
		return
	}
	for k, i := range interfaces {
		if k > 0 {
			fmt.Fprintln(w)
		}
		where := fmt.Sprintf("%s:%d", i.File, i.Line)
		rows := table{{"METHOD", "POLICY", "STATE", "ERRORS JUDGED BY", "WORST CASE", "EXPECTED"}}
		if format == "markdown" {
			rows = table{{"method", "policy", "state", "errors judged by", "worst case", "expected"}}
		}
		for _, m := range i.Methods {
			rows = append(rows, methodRow(m))
		}
		if format == "markdown" {
			fmt.Fprintf(w, "### %s\n\n`%s`, wrapped by `%s`\n\n", escapeMarkdown(i.Name), where, i.Wrapper)
			rows.markdown(w)
		} else {
			fmt.Fprintf(w, "%s (%s), wrapped by %s\n", i.Name, where, i.Wrapper)
			rows.text(w)
		}
	}
}

func methodRow(m explain.Method) []string {
	var policy []string
	for _, d := range m.Directives {
		policy = append(policy, d.Text)
	}
	row := []string{m.Name, strings.Join(policy, " · "), strings.Join(m.State, ", "), m.Classifier, m.Worst.String(), m.Expected.String()}
	if policy == nil {
		row[1] = "plain delegation"
	}
	for k, cell := range row {
		if cell == "" {
			row[k] = "–"
		}
	}
	return row
}

func printChanges(w io.Writer, format string, changes []explain.Change) {
	if format == "json" {
		printJSON(w, changes)
		return
	}
	if len(changes) == 0 {
		fmt.Fprintln(w, "no method is guarded in another way")
	}
	for k, c := range changes {
		if k > 0 {
			fmt.Fprintln(w)
		}
		head, bullet, escape := "", "  ", func(text string) string { return text }
		if format == "markdown" {
			head, bullet, escape = "### ", "- ", escapeMarkdown
		}
		became := map[explain.Kind]string{explain.Added: " is wrapped now", explain.Removed: " is wrapped no longer"}
		fmt.Fprintf(w, "%s%s (%s)%s\n", head, escape(c.Interface), escape(c.Package), became[c.Kind])
		if format == "markdown" && len(c.Differences)+len(c.Methods) > 0 {
			fmt.Fprintln(w)
		}
		for _, d := range c.Differences {
			fmt.Fprintf(w, "%s%s\n", bullet, escape(d.String()))
		}
		for _, m := range c.Methods {
			fmt.Fprintf(w, "%s%s\n", bullet, escape(m.String()))
		}
	}
}

// printJSON prints a list as JSON, an empty one as such.
func printJSON[T any](w io.Writer, list []T) {
	if list == nil {
		list = []T{}
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "\t")
	out.SetEscapeHTML(false)
	out.Encode(list)
}

// errorCode is what is taken for an error code and for no package, also with the
// brackets that messages have it in.
var errorCode = regexp.MustCompile(`^(?i)\[?(RG[0-9]+)\]?$`)

// explainCode prints what an error code means.
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
