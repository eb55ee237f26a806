package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/resilgen/resilgen/generator"
)

// An exclusion is a method that a directive must not reach, because resilgen has refused
// it.
type exclusion struct {
	directive, method, why string
}

// causes are why directives are refused, by a part of the message.
var causes = []struct{ says, why string }{
	{"by what is known of the library", byLibrary},
	{"as far as its name tells", byName},
	{"as far as their names tell", byName},
	{"the first attempt uses up", usesUp},
	{"runs as long as its caller wants", endless},
	{"is used after the call returns", usedAfter},
}

const (
	byLibrary = "by what is known of the library"
	byName    = "by name"
	usesUp    = "the first attempt uses up a parameter"
	endless   = "it runs as long as its caller wants"
	usedAfter = "its result is used after the call"
)

var lineToWrite = regexp.MustCompile(`//resil:(\w+) off methods=([\w,]+)`)

// generate runs the generator until it refuses nothing, and does what each refusal says.
func generate(ctx context.Context, folder string, list []*wrapped) error {
	patterns := []string{"./..."}
	for len(patterns) > 0 {
		result, err := generator.Run(ctx, generator.Config{Dir: folder, Patterns: patterns})
		if err != nil {
			return err
		}
		again := map[*wrapped]bool{}
		for _, d := range result.Diagnostics {
			w := declaredAt(folder, list, d.Pos.Filename)
			switch {
			case w != nil && d.Code == "RG018": // a directive reaches no method at all
				w.bare = true
			case w == nil || !w.exclude(d.Message):
				return fmt.Errorf("no line to write: %v", d)
			}
			again[w] = true
		}
		patterns = nil
		for w := range again {
			if err := w.write(folder); err != nil {
				return err
			}
			patterns = append(patterns, "./"+w.folder)
		}
	}
	return nil
}

func declaredAt(folder string, list []*wrapped, file string) *wrapped {
	name, err := filepath.Rel(folder, filepath.Dir(file))
	if err != nil {
		return nil
	}
	for _, w := range list {
		if w.folder == name {
			return w
		}
	}
	return nil
}

// exclude does what a refusal says. It reports false if that says nothing new.
func (w *wrapped) exclude(message string) bool {
	why := ""
	for _, c := range causes {
		if strings.Contains(message, c.says) {
			why = c.why
			break
		}
	}
	line := lineToWrite.FindStringSubmatch(message)
	if why == "" || line == nil {
		return false
	}
	added := false
	for method := range strings.SplitSeq(line[2], ",") {
		e := exclusion{line[1], method, why}
		if w.whyNot(e.directive, e.method) == "" {
			w.off = append(w.off, e)
			added = true
		}
	}
	return added
}

// whyNot says why a directive does not reach a method; "" if none was refused.
func (w *wrapped) whyNot(directive, method string) string {
	for _, e := range w.off {
		if e.directive == directive && e.method == method {
			return e.why
		}
	}
	return ""
}
