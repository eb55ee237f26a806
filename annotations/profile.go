package annotations

import (
	"go/ast"
	"go/token"
	"slices"
)

// A profile is a comment group of directives under a name. Use directives anywhere
// in the package apply it.
type profile struct {
	name       string
	directives []Directive // below the profile directive
	pos        token.Pos   // of the profile directive
	end        token.Pos   // of the comment group
	inTest     bool        // it stands in a test file, and only test files can use it
	faulty     bool        // something in it is wrong
}

// profiles reads the comment groups of a file that are profiles.
func (r *reader) profiles(file *ast.File) (profiles []*profile) {
	for _, group := range file.Comments {
		directives := r.unattached[group]
		if len(directives) == 0 || directives[0].Name != "profile" || !r.isDetached(file, group) {
			continue
		}
		first, rest := directives[0], r.take(group)[1:]
		if !r.checkProfileName(first) {
			continue
		}
		p := &profile{name: first.profileName().Value, pos: first.Pos, end: group.End(), inTest: isTest(r.fset, file)}
		before := len(r.diagnostics)
		if w, ok := first.key("methods"); ok {
			r.add(first.wordPos(w), codeLevel, "methods= is for directives above an interface: write it beside //resil:use %s", p.name)
		}
		seen := map[string]bool{}
		for _, d := range rest {
			if seen[d.Name] {
				r.add(d.Pos, codeRepeated, "%s stands twice in this profile: merge the two", d.Name)
			}
			seen[d.Name] = true
			if r.checkInProfile(&d) {
				p.directives = append(p.directives, d)
			}
		}
		if len(rest) == 0 {
			r.add(first.Pos, codeProfile, "the profile %s has no directives: write them on the lines below it, without a blank line between", p.name)
		}
		p.faulty = len(r.diagnostics) > before || slices.ContainsFunc(directives, func(d Directive) bool { return d.faulty })
		profiles = append(profiles, p)
	}
	return profiles
}

// checkProfileName reports a profile or use directive that does not name a profile,
// and returns whether it does.
func (r *reader) checkProfileName(d Directive) bool {
	switch {
	case d.isOff() && d.Name == "use":
		r.add(d.Pos, codeProfile, "use cannot be turned off: turn off the profile's policies, as in //resil:retry off")
	case d.profileName().Value == "":
		r.add(d.Pos, codeProfile, "%s needs the name of a profile: write //resil:%s fast", d.Name, d.Name)
	default:
		return true
	}
	return false
}

// checkInProfile reports a directive that cannot stand in a profile, and returns
// whether it can. It reports and removes words that cannot stand there.
func (r *reader) checkInProfile(d *Directive) bool {
	refuse := func(pos token.Pos, format string, args ...any) {
		r.add(pos, codeInProfile, format, args...)
	}
	switch d.Name {
	case "wrap", "skip", "interface":
		refuse(d.Pos, "%s cannot stand in a profile, which holds policies only: put it where you need it", d.Name)
		return false
	case "use":
		refuse(d.Pos, "a profile cannot use another profile: copy the directives of that profile here")
		return false
	case "profile":
		refuse(d.Pos, "a comment group can hold only one profile: put a blank line above this directive")
		return false
	case "allow":
		refuse(d.Pos, "allow cannot stand in a profile, because its reason is about one place: put it beside //resil:use")
		return false
	}
	if w, ok := d.key("methods"); ok {
		refuse(d.wordPos(w), "methods= cannot stand in a profile: write it beside //resil:use")
		d.remove(w)
	}
	if w, ok := d.fields["fallback.func"]; ok {
		refuse(d.wordPos(w), "a fallback function serves one method: put //resil:fallback %s above that method, beside //resil:use", w.Value)
		d.remove(w)
	}
	return true
}
