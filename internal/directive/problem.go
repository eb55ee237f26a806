package directive

// A Problem is one thing wrong with a directive or with the policy that
// directives add up to.
type Problem struct {
	Code       string // the problem's kind, as docs/errors.md lists it
	Field      string // what it is about, as in "retry.max"; empty for a whole directive
	Start, End int    // where it stands in the directive's arguments, in bytes; 0, 0 for the directive itself
	Message    string // what is wrong and what to write instead
}

func (p *Problem) Error() string { return p.Message }

const (
	CodeWord      = "RG001" // a word that cannot be read
	CodeDirective = "RG002" // an unknown directive
	CodeKey       = "RG003" // an unknown key
	CodeTwice     = "RG004" // a key given twice
	CodeValue     = "RG005" // a value that cannot be read
	CodeRange     = "RG006" // a value out of its range
	CodeMissing   = "RG007" // a directive that lacks what it needs
	CodeEffect    = "RG008" // a value that cannot take effect
)

func problemAt(code string, start, end int, message string) *Problem {
	return &Problem{Code: code, Start: start, End: end, Message: message}
}
