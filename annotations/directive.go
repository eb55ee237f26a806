package annotations

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Directive is one //resil: comment line.
type Directive struct {
	Pos   token.Pos // of the //
	Name  string
	Args  token.Pos // where its arguments begin
	Words []directive.Word

	faulty bool // something in it could not be read
}

const tool = "resil"

// parse reads a comment as a directive and reports each word that is wrong by
// itself.
func parse(r *report, c *ast.Comment) (Directive, bool) {
	line, ok := ast.ParseDirective(c.Slash, c.Text)
	if !ok || line.Tool != tool {
		return Directive{}, false
	}
	words, problems := directive.Words(line.Args)
	d := Directive{Pos: c.Slash, Name: line.Name, Args: line.ArgsPos, Words: words}
	_, more := directive.Refine(new(Language), d.Name, words)
	names := directive.Names(Language{})
	if name, args, _ := intended(c.Text); !slices.Contains(names, d.Name) && slices.Contains(names, name) {
		more[0].Message = fmt.Sprintf("unknown directive %q; write //%s:%s%s", d.Name, tool, name, args)
	}
	for _, p := range append(problems, more...) {
		d.faulty = true
		r.add(d.at(p), p.Code, "%s", p.Message)
	}
	return d, true
}

// at is where a problem with the directive's words stands.
func (d *Directive) at(p *directive.Problem) token.Pos {
	if p.Start == 0 && p.End == 0 {
		return d.Pos
	}
	return d.Args + token.Pos(p.Start)
}

// word is where a word of the directive begins; the zero word stands for the
// directive itself.
func (d *Directive) word(w directive.Word) token.Pos {
	if w.End == 0 {
		return d.Pos
	}
	return d.Args + token.Pos(w.Start)
}

// value is where a word's value begins, inside its quotes.
func (d *Directive) value(w directive.Word) token.Pos {
	if w.End == 0 {
		return d.Pos
	}
	pos := d.Args + token.Pos(w.ValueStart)
	if w.End-w.ValueStart > len(w.Value) {
		pos++
	}
	return pos
}

// key returns the word with that key.
func (d *Directive) key(key string) (directive.Word, bool) {
	for _, w := range d.Words {
		if w.Key == key {
			return w, true
		}
	}
	return directive.Word{}, false
}

// argument is the i-th word without a key, or the zero word.
func (d *Directive) argument(i int) directive.Word {
	if i < len(d.Words) && d.Words[i].Key == "" {
		return d.Words[i]
	}
	return directive.Word{}
}

// subject is what may stand once in a place: the directive or, of waivers, one for
// each check.
func (d *Directive) subject() string {
	if d.Name == "allow" {
		return "allow " + d.waiver().Code
	}
	return d.Name
}

// off reports whether the directive takes a policy away.
func (d *Directive) off() bool {
	return len(d.Words) > 0 && d.Words[0].Key == "" && d.Words[0].Value == "off"
}

// drop takes a word out.
func (d *Directive) drop(w directive.Word) {
	d.Words = slices.DeleteFunc(slices.Clone(d.Words), func(other directive.Word) bool { return other == w })
}
