package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/resilgen/resilgen/generator"
	"github.com/resilgen/resilgen/generator/explain"
)

const explainUsage = `usage: resilgen explain [-format=text|json|markdown] [-against=REV] [-observed=FILE] [packages]
       resilgen explain CODE

Explain shows, for each method of the annotated interfaces: the policy that guards
it, the state that the policy uses, what classifies its errors, and the time that a
call can take. With -observed it compares the numbers with what running clients have
seen, and proposes others where they are off. Given an error code, such as RG014, it shows what the code means.

`

const explainTerms = `
Worst case is the longest time and the largest number of attempts of a call, if the
  callee obeys its context. It does not include a fallback's own time. Retry-After
  means a callee that asks for the longest pause each time.
Expected is the mean, if one attempt in ten fails and is retried, the callee
  answers at once, and no guard and no timeout ends a call.
In JSON, times are in seconds; null means that nothing limits the time.
`

// runExplain prints what the directives of packages mean, or what an error code means.
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
	flags.Func("against", "print what has changed since a git `revision`", func(value string) error {
		if value == "" { // a shell variable may not be set
			return fmt.Errorf("write a revision")
		}
		against = value
		return nil
	})
	build := buildFlags(flags)
	profiles := ""
	flags.Func("observed", "compare with what running clients have seen: a `file` with the JSON of a resil.Profile, or of {\"profiles\":[…]}", func(value string) error {
		if value == "" {
			return fmt.Errorf("write the name of a file")
		}
		profiles = value
		return nil
	})
	if code, done := parse(flags, args, explainUsage, explainTerms, stdout, stderr); done {
		return code
	}
	if err := build.set(ctx); err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	if code := errorCode.FindStringSubmatch(flags.Arg(0)); code != nil {
		if flags.NArg() > 1 {
			fmt.Fprint(stderr, explainUsage)
			return 2
		}
		return explainCode(strings.ToUpper(code[1]), stdout, stderr)
	}
	if profiles != "" && against != "" {
		fmt.Fprintln(stderr, "resilgen: -against compares with a revision and -observed with running clients; write one of them")
		return 2
	}
	stdout, stderr = printableWriter{stdout}, printableWriter{stderr}
	cfg := generator.Config{Patterns: flags.Args()}
	current, err := explain.Packages(ctx, cfg)
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	code := 0
	printLeftOut(stderr, current.LeftOut)
	if len(current.Diagnostics) > 0 {
		printDiagnostics(stderr, "", current.Diagnostics)
		code = 1
	}
	switch {
	case against == "":
		if profiles != "" {
			if wrong := addObserved(current.Interfaces, profiles, stderr); wrong != 0 {
				return wrong
			}
		}
		dir := workingDir()
		for k := range current.Interfaces {
			current.Interfaces[k].File = filepath.ToSlash(shorter(dir, current.Interfaces[k].File))
		}
		printInterfaces(stdout, format, current.Interfaces)
		return code
	case code != 0: // the meaning of a source is not known before its mistakes are fixed
		return code
	}
	old, err := explain.PackagesAt(ctx, cfg, against)
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	if len(old.Diagnostics) > 0 {
		printDiagnostics(stderr, "at "+against+": ", old.Diagnostics)
		code = 1
	}
	printChanges(stdout, format, explain.Compare(old.Interfaces, current.Interfaces))
	return code
}

// printInterfaces prints a table for each interface, or all interfaces as JSON.
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
		rows := table{{"METHOD", "POLICY", "STATE", "CLASSIFIED BY", "WORST CASE", "EXPECTED"}}
		if format == "markdown" {
			rows = table{{"method", "policy", "state", "classified by", "worst case", "expected"}}
		}
		for _, m := range i.Methods {
			rows = append(rows, methodRow(m))
		}
		if format == "markdown" {
			fmt.Fprintf(w, "### %s\n\n`%s`, wrapped by `%s`\n\n", escapeMarkdown(i.Name), where, i.Wrapper)
			rows.markdown(w)
			for _, note := range i.Notes {
				fmt.Fprintf(w, "\n- %s", escapeMarkdown(note))
			}
			if len(i.Notes) > 0 {
				fmt.Fprintln(w)
			}
			printObservation(w, format, i.Observed)
		} else {
			fmt.Fprintf(w, "%s (%s), wrapped by %s\n", i.Name, where, i.Wrapper)
			rows.text(w)
			for _, note := range i.Notes {
				fmt.Fprintln(w, "note:", note)
			}
			printObservation(w, format, i.Observed)
		}
	}
}

// methodRow returns the row of a method in the table of its interface.
func methodRow(m explain.Method) []string {
	var policy []string
	for _, d := range m.Directives {
		policy = append(policy, d.Text)
	}
	row := []string{m.Name, strings.Join(policy, " · "), strings.Join(m.State, ", "), m.Classifier, m.Worst.String(), m.Expected.String()}
	switch {
	case m.Requests < 0:
		row[4] += ", requests of " + m.Library + " without a bound"
	case m.Requests > 0:
		row[4] += fmt.Sprintf(", %d requests of %s", m.Requests, m.Library)
	}
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

// printChanges prints what has changed, interface by interface, or all of it as JSON.
func printChanges(w io.Writer, format string, changes []explain.Change) {
	if format == "json" {
		printJSON(w, changes)
		return
	}
	if len(changes) == 0 {
		fmt.Fprintln(w, "no policy has changed")
	}
	for k, c := range changes {
		if k > 0 {
			fmt.Fprintln(w)
		}
		head, bullet, escape := "", "  ", func(text string) string { return text }
		if format == "markdown" {
			head, bullet, escape = "### ", "- ", escapeMarkdown
		}
		news := map[explain.Kind]string{explain.Added: " is new", explain.Removed: " is no longer wrapped"}
		fmt.Fprintf(w, "%s%s (%s)%s\n", head, escape(c.Interface), escape(c.Package), news[c.Kind])
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

// printJSON prints a list as JSON. A nil list is an empty one.
func printJSON[T any](w io.Writer, list []T) {
	if list == nil {
		list = []T{}
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "\t")
	out.SetEscapeHTML(false)
	out.Encode(list)
}
