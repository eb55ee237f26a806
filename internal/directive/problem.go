package directive

// A Problem is one thing that is wrong with a directive, or with the policy that
// several directives make.
type Problem struct {
	Code       string // the kind of the problem: one of the constants below, or of another package
	Field      string // the field in question, as in "retry.max"; empty if it is the directive as a whole
	Start, End int    // byte offsets in the directive's arguments; 0, 0 for the directive itself
	Message    string // what is wrong and what to write instead
}

// Error returns the message.
func (p *Problem) Error() string { return p.Message }

// The codes of problems with words and policies. docs/errors.md explains each.
const (
	CodeWord      = "RG001" // a word cannot be read
	CodeDirective = "RG002" // there is no directive of that name
	CodeKey       = "RG003" // the directive has no such key
	CodeTwice     = "RG004" // a key is given twice
	CodeValue     = "RG005" // a value has the wrong form
	CodeRange     = "RG006" // a value is out of its range
	CodeMissing   = "RG007" // a directive lacks a value that it needs
	CodeEffect    = "RG008" // a value cannot take effect
)

func problemAt(code string, start, end int, message string) *Problem {
	return &Problem{Code: code, Start: start, End: end, Message: message}
}
