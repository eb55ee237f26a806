package resil

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
	codeWord      = "RG001" // a word that cannot be read
	codeDirective = "RG002" // an unknown directive
	codeKey       = "RG003" // an unknown key
	codeTwice     = "RG004" // a key given twice
	codeValue     = "RG005" // a value that cannot be read
	codeRange     = "RG006" // a value out of its range
	codeMissing   = "RG007" // a directive that lacks what it needs
	codeEffect    = "RG008" // a value that cannot take effect
)

func problemAt(code string, start, end int, message string) *Problem {
	return &Problem{Code: code, Start: start, End: end, Message: message}
}
