package annotations

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path/filepath"
	"slices"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Profile is a comment group of directives with a name, which use directives
// anywhere in the package apply.
type Profile struct {
	Name       string
	Pos        token.Pos   // of the directive that names it
	Directives []Directive // below that one

	end    token.Pos // of the group
	test   bool      // it is in a test file, and only those see it
	faulty bool      // something in it is wrong
}

// profiles takes the comment groups of a file that are profiles.
func (r *reader) profiles(file *ast.File) (profiles []*Profile) {
	for _, group := range file.Comments {
		directives := r.found[group]
		if len(directives) == 0 || directives[0].Name != "profile" || !r.stands(file, group) {
			continue
		}
		head, rest := directives[0], r.take(group)[1:]
		if !r.named(head) {
			continue
		}
		p := &Profile{Name: head.name().Value, Pos: head.Pos, end: group.End(), test: isTest(r.fset, file)}
		before := len(r.diagnostics)
		if w, ok := head.key("methods"); ok {
			r.add(head.word(w), codeLevel, "methods= is for directives above the interface: write it beside //%s:use %s", tool, p.Name)
		}
		seen := map[string]bool{}
		for _, d := range rest {
			if seen[d.Name] {
				r.add(d.Pos, codeRepeated, "%s stands twice in this profile: make one of the two", d.Name)
			}
			seen[d.Name] = true
			if r.fits(&d) {
				p.Directives = append(p.Directives, d)
			}
		}
		if len(rest) == 0 {
			r.add(head.Pos, codeProfile, "the profile %s says nothing: write its directives on the lines below, without a blank line between", p.Name)
		}
		p.faulty = len(r.diagnostics) > before || slices.ContainsFunc(directives, func(d Directive) bool { return d.faulty })
		profiles = append(profiles, p)
	}
	return profiles
}

// stands reports whether a comment group stands by itself, outside all code.
func (r *reader) stands(file *ast.File, group *ast.CommentGroup) bool {
	line := r.line(group.Pos())
	if group == file.Doc || r.line(file.Name.Pos()) == line {
		return false
	}
	for _, decl := range file.Decls {
		doc := (*ast.CommentGroup)(nil)
		switch decl := decl.(type) {
		case *ast.GenDecl:
			doc = decl.Doc
		case *ast.FuncDecl:
			doc = decl.Doc
		}
		if doc == group || decl.Pos() <= group.End() && group.Pos() <= decl.End() ||
			decl.End() <= group.Pos() && r.line(decl.End()) == line {
			return false
		}
	}
	return true
}

// name is the name in a profile or use directive.
func (d *Directive) name() directive.Word {
	if w, ok := d.key("name"); ok {
		return w
	}
	return d.argument(0)
}

// named checks the name in a profile or use directive, which must be there.
func (r *reader) named(d Directive) bool {
	switch w := d.name(); {
	case d.off() && d.Name == "use":
		r.add(d.Pos, codeProfile, "use cannot be turned off: turn off what the profile brings, as in //%s:retry off", tool)
	case w.Value == "" || d.off():
		r.add(d.Pos, codeProfile, "%s needs the name of a profile: write //%s:%s fast", d.Name, tool, d.Name)
	default:
		return true
	}
	return false
}

// fits checks a directive of a profile, and takes out the words that it cannot
// have there.
func (r *reader) fits(d *Directive) bool {
	refuse := func(pos token.Pos, format string, args ...any) {
		r.add(pos, codeInProfile, format, args...)
	}
	switch d.Name {
	case "wrap", "skip", "interface":
		refuse(d.Pos, "%s cannot stand in a profile, which is for policies: put it where it is meant", d.Name)
		return false
	case "use":
		refuse(d.Pos, "a profile cannot use another: write out here what that one says")
		return false
	case "profile":
		refuse(d.Pos, "a comment group is one profile: leave a blank line above this one")
		return false
	case "allow":
		refuse(d.Pos, "a waiver cannot stand in a profile: its reason holds where it is used, so put it beside //%s:use", tool)
		return false
	}
	if w, ok := d.key("methods"); ok {
		refuse(d.word(w), "methods= cannot stand in a profile: write it beside //%s:use", tool)
		d.drop(w)
	}
	if w, ok := d.function(); ok {
		refuse(d.word(w), "a fallback's function answers for one method: put //%s:fallback %s above that, beside //%s:use", tool, w.Value, tool)
		d.drop(w)
	}
	return true
}

// function is the word of a fallback that names one.
func (d *Directive) function() (directive.Word, bool) {
	if d.Name == "fallback" && !d.off() {
		for _, w := range d.Words {
			if w.Key == "" || w.Key == "func" {
				return w, true
			}
		}
	}
	return directive.Word{}, false
}

// Link lets the interfaces of a package see its profiles. It returns for each of
// the files what is wrong with its profiles: those that are there twice, and
// those that nothing uses, in others neither, the files that this build leaves
// out.
func Link(fset *token.FileSet, files []*File, others ...*File) [][]Diagnostic {
	profiles := map[string]*Profile{}
	reports := make([]report, len(files))
	for k, f := range files {
		reports[k].fset = fset
		for _, p := range f.Profiles {
			if first := profiles[p.Name]; first != nil {
				reports[k].add(p.Pos, codeProfile, "the profile %s is there twice, here and at %s: rename one", p.Name, short(fset, first.Pos))
				first.faulty = true // nobody knows which is meant
				continue
			}
			profiles[p.Name] = p
		}
	}
	used := map[*Profile]bool{}
	for _, f := range slices.Concat(files, others) {
		for _, i := range f.Interfaces {
			i.profiles = profiles
		}
		for _, name := range f.uses {
			used[profiles[name]] = true
			used[profiles[nearest(name, profiles)]] = true // probably meant, and then not unused
		}
	}
	found := make([][]Diagnostic, len(files))
	for k, f := range files {
		for _, p := range f.Profiles {
			if profiles[p.Name] == p && !used[p] {
				reports[k].add(p.Pos, codeProfile, "nothing uses the profile %s: write //%s:use %s where it is to be applied, or remove it", p.Name, tool, p.Name)
			}
		}
		found[k] = Sort(reports[k].diagnostics)
	}
	return found
}

func nearest(name string, profiles map[string]*Profile) string {
	return directive.Nearest(name, slices.Sorted(maps.Keys(profiles)))
}

// A use is the application of a profile.
type use struct {
	pos     token.Pos // of the use directive
	profile *Profile
}

// expanded puts the profiles that layers use in their places, which are before
// those of the other layers.
func (r *resolver) expanded(layers []layer) (expanded []layer) {
	for _, l := range layers {
		if l.Name != "use" {
			continue
		}
		p := r.profile(l.Directive)
		if p == nil {
			continue
		}
		for _, d := range p.Directives {
			if w, ok := d.key("budget"); ok && d.Name == "retry" && w.Value != "off" && l.level > onSome {
				r.add(l.Pos, codeLevel, "the retry budget is the client's: use the profile %s above the interface, or take budget=%s out of it (%s)",
					p.Name, w.Value, short(r.fset, d.word(w)))
				d.drop(w)
			}
			expanded = append(expanded, layer{d, l.reach, l.owner, l.level, &use{l.Pos, p}})
		}
	}
	for _, l := range layers {
		if l.Name != "use" {
			expanded = append(expanded, l)
		}
	}
	return expanded
}

// profile finds the profile that a use directive names.
func (r *resolver) profile(d Directive) *Profile {
	w := d.name()
	if w.Value == "" || d.off() {
		return nil // which Read reports
	}
	p := r.profiles[w.Value]
	switch {
	case p == nil:
		message := fmt.Sprintf("there is no profile %q in this package", w.Value)
		if near := nearest(w.Value, r.profiles); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		} else {
			message += fmt.Sprintf(": begin a comment group of its own with //%s:profile %s", tool, w.Value)
		}
		r.add(d.value(w), codeProfile, "%s", message)
	case p.test && !r.test:
		r.add(d.value(w), codeProfile, "only tests see the profile %s, which is in one (%s): move it to another file", p.Name, short(r.fset, p.Pos))
		return nil
	case p.faulty && r.fset.File(p.Pos) != r.fset.File(d.Pos):
		r.add(d.value(w), codeProfile, "the profile %s (%s) has something wrong with it, which is to be mended first", p.Name, short(r.fset, p.Pos))
	}
	return p
}

// Place tells where to report what is wrong at pos with the method's policy. If a
// profile says it, that is where the profile is used, and from names the profile.
func (g *Guarded) Place(fset *token.FileSet, pos token.Pos) (place token.Pos, from string) {
	for _, u := range g.uses {
		if u.profile.Pos <= pos && pos <= u.profile.end {
			return u.pos, fmt.Sprintf("; the profile %s says so (%s)", u.profile.Name, short(fset, pos))
		}
	}
	return pos, ""
}

// short is a position without its folder.
func short(fset *token.FileSet, pos token.Pos) string {
	p := fset.Position(pos)
	p.Filename = filepath.Base(p.Filename)
	return p.String()
}
