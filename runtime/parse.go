package resil

import (
	"fmt"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// ParsePolicies returns the policies that directives declare, in their own words, with
// or without the //resil: before them:
//
//	resil.ParsePolicies("timeout 5s attempt=1s", "retry 3", "breaker")
//
// It is for specs that are written by hand: what a directive leaves out has the
// directive's default. A later directive of a name refines an earlier one. Guards get
// no Name, which [New] wants. The error is that of the first directive that is wrong.
func ParsePolicies(directives ...string) (Policies, error) {
	var p Policies
	for _, text := range directives {
		name, args, _ := strings.Cut(strings.TrimPrefix(text, "//resil:"), " ")
		words, problems := directive.Words(args)
		if len(problems) == 0 {
			_, problems = directive.Refine(&p, name, words)
		}
		if len(problems) > 0 {
			return Policies{}, fmt.Errorf("resil: %s: %w", directive.Printable(text), joined(problems))
		}
	}
	return p, nil
}
