package annotations

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"

	resil "github.com/resilgen/resilgen/runtime"
)

// A comment that begins like this was meant as a directive. What stands further
// in, as in prose or in code that is commented out, was not.
var meant = regexp.MustCompile(`(?is)^/[/*]\s*resil\s*:(.*)$`)

// output begins the comment that tells what an example prints. The runtime's
// errors begin like near misses.
var output = regexp.MustCompile(`(?i)^/[/*]\s*(unordered )?output:`)

func isOutput(group *ast.CommentGroup) bool { return output.MatchString(group.List[0].Text) }

// nearMiss reports a comment that was meant as a directive and is none: with a
// space in it, a capital letter (to which gofmt adds a space above a type) or as
// a block.
func nearMiss(r *report, c *ast.Comment) {
	m := meant.FindStringSubmatch(c.Text)
	if m == nil {
		return
	}
	line, _, _ := strings.Cut(strings.TrimSpace(strings.TrimSuffix(m[1], "*/")), "\n")
	name, args := line, ""
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		name, args = line[:i], line[i:]
	}
	name, args = strings.ToLower(name), strings.TrimRight(args, " \t\r")
	names := resil.Directives(Language{})
	near := resil.Nearest(name, names)
	if near == "" {
		slices.Sort(names)
		r.add(c.Slash, codeNearMiss, "not read as a directive, and no directive is called %q: write //%s: and one of %s, without spaces and in lower case, or reword the comment",
			name, tool, strings.Join(names, ", "))
		return
	}
	r.add(c.Slash, codeNearMiss, "not read as a directive: write //%s:%s%s on a line of its own, without a space before the name and in lower case", tool, near, args)
}
