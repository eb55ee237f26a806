package annotations

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/resilgen/resilgen/internal/directive"
)

// A comment that begins like this was meant as a directive: whatever white space
// (some of which nobody sees), a third slash, the star of a block's lines or
// another tool's sign stand in it, and if it has the name of the command. What
// stands further in, as in prose or in code that is commented out, was not.
var meant = regexp.MustCompile(`(?is)^/(?:/|//|\*+)` + blank + `[*+@]?` + blank + `resil(gen)?` + blank + `:(.*)$`)

const blank = `[\s\p{Z}\p{Cf}]*`

// So was one that has another sign in the place of the colon, or none, if it names
// a directive and begins as no prose does.
var colonless = regexp.MustCompile(`^//(?i:resil)[ \t.=/-]+([a-z]+)((?:[ \t].*)?)$`)

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
	names := directive.Names(Language{})
	near := directive.Nearest(name, names)
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
	if m := colonless.FindStringSubmatch(strings.TrimRight(comment, " \t\r")); m != nil && slices.Contains(directive.Names(Language{}), m[1]) {
		return m[1], m[2], true
	}
	m := meant.FindStringSubmatch(comment)
	if m == nil {
		return "", "", false
	}
	line, _, _ := strings.Cut(trim(strings.TrimSuffix(m[2], "*/")), "\n")
	name, args = split(strings.TrimRightFunc(line, isBlank))
	if m[1] != "" && (trim(m[2]) != m[2] || directive.Nearest(name, directive.Names(Language{})) == "") {
		return "", "", false // the command says something, in prose
	}
	return name, args, true
}

// split parts a directive's name, in lower case, from what stands behind it, with
// or without white space between: retry:3 and retry(3) are retry 3.
func split(line string) (name, args string) {
	line = strings.TrimLeft(line, ":")
	i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsLetter(r) })
	if i < 0 {
		return strings.ToLower(line), ""
	}
	if i == 0 {
		name, args, _ = strings.Cut(line, " ")
		return strings.ToLower(name), args
	}
	name, args = strings.ToLower(line[:i]), line[i:]
	if args[0] == ' ' || args[0] == '\t' {
		return name, args
	}
	if strings.HasPrefix(args, "(") {
		args = strings.TrimSuffix(args, ")")
	}
	if args = strings.TrimLeftFunc(args, func(r rune) bool { return isBlank(r) || strings.ContainsRune(":=,;.(", r) }); args != "" {
		args = " " + args
	}
	return name, args
}

// trim leaves out the white space around a text, seen and unseen.
func trim(text string) string { return strings.TrimFunc(text, isBlank) }

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Z, unicode.Cf) }

// Mend returns a line comment that is a directive but for its spelling as it was
// meant: with a name that exists, in lower case, and without spaces before it.
func Mend(comment string) (mended string, ok bool) {
	name, args, ok := intended(comment)
	near := directive.Nearest(name, directive.Names(Language{}))
	if !ok || near == "" || !strings.HasPrefix(comment, "//") {
		return "", false
	}
	mended = "//" + tool + ":" + near + args
	if mended == comment {
		return "", false
	}
	return mended, true
}
