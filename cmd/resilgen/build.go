package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// A target is the build that flags choose among those of a source. The go command takes it
// from the environment too, but there go tool takes it as well, and then builds this command
// for a system on which it cannot run.
type target struct{ goos, goarch, tags string }

// buildFlags adds the flags for a target.
func buildFlags(flags *flag.FlagSet) *target {
	t := new(target)
	flags.StringVar(&t.goos, "goos", "", "the `system` for which sources are built, as in GOOS")
	flags.StringVar(&t.goarch, "goarch", "", "the `architecture` for which sources are built, as in GOARCH")
	flags.StringVar(&t.tags, "tags", "", "comma-separated `list` of build tags, as for go build")
	return t
}

// set has the go command build for the target, wherever this process runs it.
func (t *target) set(ctx context.Context) error {
	if err := t.check(ctx); err != nil {
		return err
	}
	env := map[string]string{"GOOS": t.goos, "GOARCH": t.goarch}
	if t.tags != "" {
		flags, err := exec.CommandContext(ctx, "go", "env", "GOFLAGS").Output()
		if err != nil {
			return fmt.Errorf("go env GOFLAGS: %w", err)
		}
		env["GOFLAGS"] = strings.TrimSpace(string(flags)) + " -tags=" + t.tags // the last one counts
	}
	for name, value := range env {
		if value == "" {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// check refuses a system or architecture that the go command cannot build for: for such a
// one it would leave sources out without a word.
func (t *target) check(ctx context.Context) error {
	if t.goos == "" && t.goarch == "" {
		return nil
	}
	list, err := exec.CommandContext(ctx, "go", "tool", "dist", "list").Output()
	if err != nil {
		return nil // not every distribution of Go has it
	}
	var systems, archs []string
	for pair := range strings.FieldsSeq(string(list)) {
		system, arch, _ := strings.Cut(pair, "/")
		systems, archs = append(systems, system), append(archs, arch)
	}
	for _, word := range []struct {
		kind, value string
		known       []string
	}{{"system", t.goos, systems}, {"architecture", t.goarch, archs}} {
		slices.Sort(word.known)
		if word.known = slices.Compact(word.known); word.value != "" && !slices.Contains(word.known, word.value) {
			return errors.New(directive.Unknown(word.kind, word.value, word.known))
		}
	}
	return nil
}
