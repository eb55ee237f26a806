package annotations

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Directive is one //resil: comment line.
type Directive struct {
	Pos   token.Pos // of the //
	Name  string
	Args  token.Pos        // where its arguments begin
	Words []directive.Word // its arguments, without those that cannot be read

	fields map[string]directive.Word // the word of each field that could be read, as in "retry.max"
	faulty bool                      // something in it could not be read
}

// split splits a comment that is a directive into its words. It returns false for
// other comments.
func split(c *ast.Comment) (d Directive, problems []*directive.Problem, ok bool) {
	line, ok := ast.ParseDirective(c.Slash, c.Text)
	if !ok || line.Tool != tool {
		return Directive{}, nil, false
	}
	words, problems := directive.Words(line.Args)
	return Directive{Pos: c.Slash, Name: line.Name, Args: line.ArgsPos, Words: words}, problems, true
}

// parse reads a comment that is a directive, and reports each word that is wrong by
// itself. It returns false for other comments.
func parse(r *report, c *ast.Comment) (Directive, bool) {
	d, problems, ok := split(c)
	if !ok {
		return Directive{}, false
	}
	fields, more := directive.Refine(new(language), d.Name, d.Words)
	d.fields = fields
	for _, p := range more {
		d.translate(p)
	}
	if name, args, _ := intended(c.Text); !isDirective(d.Name) && isDirective(name) {
		more[0].Message = fmt.Sprintf("unknown directive %q; write //resil:%s%s", d.Name, name, args)
	}
	for _, p := range append(problems, more...) {
		d.faulty = true
		r.add(d.problemPos(p), p.Code, "%s", p.Message)
	}
	return d, true
}

// isDirective reports whether there is a directive of that name.
func isDirective(name string) bool { return slices.Contains(directive.Names(language{}), name) }

// problemPos returns the position of a problem with the directive's words.
func (d *Directive) problemPos(p *directive.Problem) token.Pos {
	if p.Start == 0 && p.End == 0 {
		return d.Pos
	}
	return d.Args + token.Pos(p.Start)
}

// wordPos returns the position where a word of the directive begins. The zero word
// stands for the directive itself.
func (d *Directive) wordPos(w directive.Word) token.Pos {
	if w.End == 0 {
		return d.Pos
	}
	return d.Args + token.Pos(w.Start)
}

// valuePos returns the position where a word's value begins, inside its quotes. The
// zero word stands for the directive itself.
func (d *Directive) valuePos(w directive.Word) token.Pos {
	if w.End == 0 {
		return d.Pos
	}
	pos := d.Args + token.Pos(w.ValueStart)
	if w.IsQuoted() {
		pos++
	}
	return pos
}

// key returns the first word with that key, whether its value can be read or not.
func (d *Directive) key(key string) (directive.Word, bool) {
	for _, w := range d.Words {
		if w.Key == key {
			return w, true
		}
	}
	return directive.Word{}, false
}

// profileName returns the word that names the profile in a profile or use
// directive, or the zero word.
func (d *Directive) profileName() directive.Word { return d.fields[d.Name+".name"] }

// subject returns what the directive is about: its name, and of a waiver the check
// too. Two directives with the same subject must not stand in one place.
func (d *Directive) subject() string {
	if d.Name == "allow" {
		return "allow " + d.fields["allow.code"].Value
	}
	return d.Name
}

// isOff reports whether the directive removes a policy.
func (d *Directive) isOff() bool {
	return len(d.Words) > 0 && d.Words[0].Key == "" && d.Words[0].Value == "off"
}

// remove takes a word out of the directive. Copies of the directive keep it.
func (d *Directive) remove(w directive.Word) {
	d.Words = slices.DeleteFunc(slices.Clone(d.Words), func(other directive.Word) bool { return other == w })
	d.fields = maps.Clone(d.fields)
	maps.DeleteFunc(d.fields, func(_ string, other directive.Word) bool { return other == w })
}

// clientBudget returns the word of a retry budget other than off. Such a budget is
// the whole client's.
func (d *Directive) clientBudget() (directive.Word, bool) {
	w, ok := d.key("budget")
	return w, ok && d.Name == "retry" && w.Value != "off"
}
