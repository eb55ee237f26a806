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
	name, args, ok := intended(c.Text)
	if !ok {
		return
	}
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

// intended splits a comment that was meant as a directive into the name, in
// lower case, and the arguments.
func intended(comment string) (name, args string, ok bool) {
	m := meant.FindStringSubmatch(comment)
	if m == nil {
		return "", "", false
	}
	line, _, _ := strings.Cut(strings.TrimSpace(strings.TrimSuffix(m[1], "*/")), "\n")
	name = line
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		name, args = line[:i], line[i:]
	}
	return strings.ToLower(name), strings.TrimRight(args, " \t\r"), true
}

// Mend returns a line comment that is a directive but for its spelling as it was
// meant: with a name that exists, in lower case, and without spaces before it.
func Mend(comment string) (mended string, ok bool) {
	name, args, ok := intended(comment)
	near := resil.Nearest(name, resil.Directives(Language{}))
	if !ok || near == "" || !strings.HasPrefix(comment, "//") {
		return "", false
	}
	mended = "//" + tool + ":" + near + args
	if mended == comment {
		return "", false
	}
	return mended, true
}
