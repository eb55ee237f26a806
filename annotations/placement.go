package annotations

import "go/token"

// checkInterface reports the directives above an interface, and the words in them,
// that cannot stand there.
func (r *reader) checkInterface(directives []Directive) {
	forAll := map[string]bool{} // subjects of directives without methods=
	for k, d := range directives {
		methods, chosen := d.key("methods")
		if !chosen && forAll[d.subject()] {
			r.add(d.Pos, codeRepeated, "%s stands twice above this interface: merge the two, or name the methods of one with methods=", d.subject())
		}
		forAll[d.subject()] = forAll[d.subject()] || !chosen
		r.removeFunc(&directives[k])
		r.checkAnywhere(d)
		switch d.Name {
		case "skip":
			if !chosen {
				r.add(d.Pos, codeSkip, "skip above an interface leaves no method to guard: name methods with methods=, or put it above a method")
			}
		case "wrap":
			if chosen {
				r.add(d.wordPos(methods), codeLevel, "wrap is for the whole interface: remove methods=")
			}
			if d.isOff() {
				r.add(d.Pos, codeLevel, "wrap cannot be turned off: an interface without directives has no wrapper")
			}
			if name, ok := d.fields["wrap.name"]; ok && !isTypeName(name.Value) {
				r.add(d.Args+token.Pos(name.ValueStart), codeName, badTypeName, name.Value)
			}
		}
	}
}

const badTypeName = "name: %q is not a valid type name: write a Go identifier"

// checkElement reports the directives above a method or an embedded interface, and
// the words in them, that cannot stand there. It removes a retry budget, which
// would take effect otherwise.
func (r *reader) checkElement(directives []Directive, isMethod bool) {
	seen := map[string]bool{}
	for k, d := range directives {
		if seen[d.subject()] {
			r.add(d.Pos, codeRepeated, "%s stands twice here: merge the two", d.subject())
		}
		seen[d.subject()] = true
		r.checkAnywhere(d)
		if d.Name == "wrap" {
			r.add(d.Pos, codeLevel, "wrap is for the whole interface: put it above the type")
		}
		if w, ok := d.key("methods"); ok {
			r.add(d.wordPos(w), codeLevel, "methods= is for directives above an interface: remove it; a directive here reaches only what it stands above")
		}
		if w, ok := d.clientBudget(); ok {
			r.add(d.wordPos(w), codeLevel, "the retry budget belongs to the whole client: write budget=%s above the interface; here only budget=off is allowed", w.Value)
			directives[k].remove(w)
		}
		if !isMethod {
			r.removeFunc(&directives[k])
		}
		if d.Name == "skip" && !d.isOff() && len(directives) > 1 {
			r.add(d.Pos, codeSkip, "skip makes the directives beside it pointless: keep skip or the others")
		}
	}
}

// checkAnywhere checks the directives that are no policies. What it reports is
// wrong wherever the directive stands.
func (r *reader) checkAnywhere(d Directive) {
	switch d.Name {
	case "interface":
		r.add(d.Pos, codeMisplaced, "%s", interfaceInside)
	case "profile":
		r.add(d.Pos, codeProfile, "profile must begin a comment group of its own: put a blank line above and below the group, and write //resil:use where you need the profile")
	case "use":
		r.checkProfileName(d)
	case "allow":
		r.checkWaiver(d)
	}
}

// removeFunc reports and removes a fallback's function where it would be for
// several methods.
func (r *reader) removeFunc(d *Directive) {
	if w, ok := d.fields["fallback.func"]; ok {
		r.add(d.wordPos(w), codeLevel, "a fallback function serves one method: put //resil:fallback %s above that method; without a function, fallback makes the constructor take a second implementation", w.Value)
		d.remove(w)
	}
}
