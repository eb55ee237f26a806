package annotations

import (
	"fmt"
	"go/token"
	"maps"
	"slices"

	"github.com/resilgen/resilgen/internal/directive"
)

// Link makes the profiles of a package known to its interfaces. The others are
// files of the package that this build leaves out; only what they use counts. Link
// returns the diagnostics of each of files, sorted: a profile that exists twice, or
// that nothing uses.
func Link(fset *token.FileSet, files []*File, others ...*File) [][]Diagnostic {
	profiles := map[string]*profile{}
	reports := make([]report, len(files))
	for k, f := range files {
		reports[k].fset = fset
		for _, p := range f.profiles {
			if first := profiles[p.name]; first != nil {
				reports[k].add(p.pos, codeProfile, "the profile %s exists twice, here and at %s: rename one of them", p.name, shortPosition(fset, first.pos))
				first.faulty = true // it is not clear which of the two is meant
				continue
			}
			profiles[p.name] = p
		}
	}
	used := map[*profile]bool{}
	for _, f := range slices.Concat(files, others) {
		for _, i := range f.Interfaces {
			i.profiles = profiles
		}
		for _, name := range f.uses {
			used[profiles[name]] = true
			used[profiles[nearestProfile(name, profiles)]] = true // probably meant
		}
	}
	diagnostics := make([][]Diagnostic, len(files))
	for k, f := range files {
		for _, p := range f.profiles {
			if profiles[p.name] == p && !used[p] {
				reports[k].add(p.pos, codeProfile, "nothing uses the profile %s: write //resil:use %s where you need it, or remove the profile", p.name, p.name)
			}
		}
		diagnostics[k] = Sort(reports[k].diagnostics)
	}
	return diagnostics
}

// nearestProfile returns the name of the profile that was most likely meant, or "".
func nearestProfile(name string, profiles map[string]*profile) string {
	return directive.Nearest(name, slices.Sorted(maps.Keys(profiles)))
}

// usedProfile returns the profile that a use directive names. It reports a profile
// that does not exist or cannot be used there, and then returns nil.
func (r *resolver) usedProfile(d Directive) *profile {
	w := d.profileName()
	if w.Value == "" {
		return nil // Read has reported it
	}
	p := r.profiles[w.Value]
	switch {
	case p == nil:
		message := fmt.Sprintf("there is no profile %q in this package", w.Value)
		if near := nearestProfile(w.Value, r.profiles); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		} else {
			message += fmt.Sprintf(": declare it in a comment group that begins with //resil:profile %s", w.Value)
		}
		r.add(d.valuePos(w), codeProfile, "%s", message)
	case p.inTest && !r.inTest:
		r.add(d.valuePos(w), codeProfile, "the profile %s is in a test file (%s), so that only test files can use it: move it to another file", p.name, shortPosition(r.fset, p.pos))
		return nil
	case p.faulty && r.fset.File(p.pos) != r.fset.File(d.Pos):
		r.add(d.valuePos(w), codeProfile, "the profile %s (%s) has mistakes: fix them first", p.name, shortPosition(r.fset, p.pos))
	}
	return p
}
