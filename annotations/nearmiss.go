package annotations

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/resilgen/resilgen/internal/directive"
)

// nearMissPattern matches a comment that was meant as a directive by the way it
// begins. White space (even invisible), a third slash, the star of a block comment's
// lines or the sign of another tool may stand in it, and the name of the command
// instead of the tool's. A directive further inside a comment, as in prose or in code
// that is commented out, does not match.
var nearMissPattern = regexp.MustCompile(`(?is)^/(?:/|//|\*+)` + blanks + `[*+@]?` + blanks + `resil(gen)?` + blanks + `:(.*)$`)

const blanks = `[\s\p{Z}\p{Cf}]*`

// noColonPattern matches a comment that has another sign instead of the colon, or
// none. It was meant as a directive if the name is a directive's.
var noColonPattern = regexp.MustCompile(`^//(?i:resil)[ \t.=/-]+([a-z]+)((?:[ \t].*)?)$`)

// exampleOutputPattern matches the beginning of a comment that says what an example
// prints. The runtime's errors begin with "resil:".
var exampleOutputPattern = regexp.MustCompile(`(?i)^/[/*]\s*(unordered )?output:`)

func isExampleOutput(group *ast.CommentGroup) bool {
	return exampleOutputPattern.MatchString(group.List[0].Text)
}

// reportNearMiss reports a comment that was meant as a directive and is none: it has
// a space, a capital letter (gofmt then adds a space above a type), or is a block
// comment.
func reportNearMiss(r *report, c *ast.Comment) {
	name, args, ok := intended(c.Text)
	if !ok {
		return
	}
	names := directive.Names(language{})
	near := directive.Nearest(name, names)
	if near == "" {
		near = directiveFor(name)
	}
	if near == "" {
		slices.Sort(names)
		r.add(c.Slash, codeNearMiss, "this comment is not a directive, and there is no directive %q: write //resil: and one of %s, in lower case and without spaces, or change the wording",
			name, strings.Join(names, ", "))
		return
	}
	r.add(c.Slash, codeNearMiss, "this comment is not a directive: write //resil:%s%s on a line of its own, in lower case and without spaces before the name", near, args)
}

// intended splits a comment that was meant as a directive into the name, in lower
// case, and the arguments. It returns false for other comments.
func intended(comment string) (name, args string, ok bool) {
	if m := noColonPattern.FindStringSubmatch(strings.TrimRight(comment, " \t\r")); m != nil && isDirective(m[1]) {
		return m[1], m[2], true
	}
	m := nearMissPattern.FindStringSubmatch(comment)
	if m == nil {
		return "", "", false
	}
	command, text := m[1], m[2]
	line, _, _ := strings.Cut(trimBlanks(strings.TrimSuffix(text, "*/")), "\n")
	name, args = splitName(strings.TrimRightFunc(line, isBlank))
	if command != "" && (trimBlanks(text) != text || directive.Nearest(name, directive.Names(language{})) == "") {
		return "", "", false // prose about a message of the command
	}
	return name, args, true
}

// splitName splits a line into a directive's name, in lower case, and the arguments.
// A separator other than white space may stand between them: retry:3 and retry(3)
// are retry 3.
func splitName(line string) (name, args string) {
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

// trimBlanks removes the white space around a text, visible and invisible.
func trimBlanks(text string) string { return strings.TrimFunc(text, isBlank) }

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Z, unicode.Cf) }

// Fix returns the directive that a line comment was meant as: with the nearest name
// that exists, in lower case and without spaces before it. It returns false if the
// comment was not meant as a directive, is right as it is, or is a block comment,
// which may hold more.
func Fix(comment string) (fixed string, ok bool) {
	name, args, ok := intended(comment)
	near := directive.Nearest(name, directive.Names(language{}))
	if !ok || near == "" || !strings.HasPrefix(comment, "//") {
		return "", false
	}
	fixed = "//" + tool + ":" + near + args
	if fixed == comment {
		return "", false
	}
	return fixed, true
}
