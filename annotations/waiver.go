package annotations

import (
	"go/token"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Waiver says that a check must not refuse a method.
type Waiver struct {
	Pos  token.Pos // of the directive
	Code string    // of the check
}

// waivable has the codes of the checks that allow can waive. They refuse code that
// works, and only its author knows whether the call does too. The other checks
// refuse what cannot work, or what has no effect and can be removed.
var waivable = []string{CodeRepeat, CodeParameter, CodeResult}

// checkWaiver reports an allow directive that names no check which can be waived,
// or gives no reason.
func (r *reader) checkWaiver(d Directive) {
	code, reason := d.fields["allow.code"], d.fields["allow.reason"]
	codes := directive.All(waivable)
	switch {
	case d.faulty && (code.Value == "" || reason.Value == ""): // what it lacks may be what cannot be read
	case code.Value == "":
		r.add(d.Pos, codeWaiver, `allow needs the code of a check and a reason: write //resil:allow %s "why it is safe here"; the codes are %s`, waivable[0], codes)
	case !slices.Contains(waivable, code.Value):
		if near := directive.Nearest(code.Value, waivable); near != "" && !strings.HasPrefix(code.Value, "RG") {
			r.add(d.valuePos(code), codeWaiver, "unknown code %q; did you mean %q?", code.Value, near)
			return
		}
		r.add(d.valuePos(code), codeWaiver, "%s cannot be waived: only %s can", code.Value, codes)
	case strings.TrimSpace(reason.Value) == "":
		r.add(d.Pos, codeWaiver, `allow needs a reason: write //resil:allow %s "why it is safe here"`, code.Value)
	}
}
