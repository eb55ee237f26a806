package annotations

import (
	"go/token"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Waiver says that a check is not to refuse a method.
type Waiver struct {
	Pos  token.Pos // of the directive
	Code string    // of the check
}

// waiver is what an allow directive says.
func (d *Directive) waiver() Allow {
	var lang Language
	directive.Refine(&lang, d.Name, d.Words)
	if lang.Allow == nil {
		return Allow{}
	}
	return *lang.Allow
}

// waiver checks an allow directive.
func (r *reader) waiver(d Directive) {
	w := d.waiver()
	codes := strings.Join(waivable, ", ")
	switch {
	case w.Code == "":
		r.add(d.Pos, codeWaiver, `allow needs the code of a check and a reason: write //%s:allow %s "why it is safe here"; the codes are %s`, tool, waivable[0], codes)
	case !slices.Contains(waivable, w.Code):
		word, named := d.key("code")
		if !named {
			word = d.argument(0)
		}
		if near := directive.Nearest(w.Code, waivable); near != "" && !strings.HasPrefix(w.Code, "RG") {
			r.add(d.value(word), codeWaiver, "unknown code %q; did you mean %q?", w.Code, near)
			return
		}
		r.add(d.value(word), codeWaiver, "%s cannot be waived: only %s can", w.Code, codes)
	case strings.TrimSpace(w.Reason) == "":
		r.add(d.Pos, codeWaiver, `a waiver needs a reason, for whoever reads it next: write //%s:allow %s "why it is safe here"`, tool, w.Code)
	}
}

// Faulty reports whether a directive of the interface, or of a profile that it
// uses, could not be read, so that others may seem to have no effect.
func (i *Interface) Faulty() bool {
	faulty := func(d Directive) bool {
		if d.Name == "use" {
			p := i.profiles[d.name().Value]
			return d.faulty || p == nil || p.faulty
		}
		return d.faulty
	}
	for _, directives := range i.Elements {
		if slices.ContainsFunc(directives, faulty) {
			return true
		}
	}
	return slices.ContainsFunc(i.Directives, faulty)
}
