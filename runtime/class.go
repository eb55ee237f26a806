package resil

import "github.com/resilgen/resilgen/internal/directive"

// A Class says what an attempt's result means for retry and breaker.
//
//	class           meaning                                    retried  breaker
//	Success                                                    –        success
//	Application     the callee answered: not found, invalid    no       success
//	Infrastructure  connection, timeout, unexpected EOF, 5xx   yes      failure
//	SystemFault     broken until someone repairs it            no       failure
//	Throttled       the callee asks for fewer calls            yes      neither
//	Unknown         nothing is known about the error           no       neither
//	Canceled        this caller gave up                        no       neither
//
// The column "retried" shows the default; [Retry.On] changes it. Success and
// Application also refill the client's retry budget.
type Class uint8

const (
	Undecided      Class = iota // leaves the error to the next classifier
	Success                     // no error
	Application                 // the callee works, and its answer is no
	Infrastructure              // the way to the callee, or the callee, is failing
	SystemFault                 // certificate, configuration: repeating cannot help
	Throttled                   // the callee asks for fewer calls
	Unknown                     // no mark, no classifier and not Network know the error
	NothingSent                 // only in Retry.On: any error that proves that nothing was sent
	Canceled                    // the caller gave up
)

var classNames = directive.Enum[Class]{"", "success", "application", "infrastructure", "system", "throttled", "unknown", "unsent", "canceled"}

func (c Class) String() string {
	if c == Undecided {
		return "undecided"
	}
	return classNames.Text(c)
}

// UnmarshalText reads what retry can have in its on=: application, infrastructure,
// system, throttled, unknown or unsent.
func (c *Class) UnmarshalText(text []byte) error {
	retryable := classNames[Application:Canceled]
	var i Class
	if err := retryable.Read(&i, text); err != nil {
		return err
	}
	*c = Application + i
	return nil
}

// known returns c, or Undecided if no error can have that class.
func (c Class) known() Class {
	if c > Canceled || c == NothingSent {
		return Undecided
	}
	return c
}

// severity orders the classes of errors that were joined into one.
var severity = [Canceled + 1]uint8{SystemFault: 6, Infrastructure: 5, Throttled: 4, Application: 3, Canceled: 2, Unknown: 1}

// worse returns the class of two errors that were joined:
// SystemFault before Infrastructure, Throttled, Application and Unknown.
func worse(a, b Class) Class {
	if severity[b] > severity[a] {
		return b
	}
	return a
}

// classes is a set of classes.
type classes uint16

func classSet(list []Class) (set classes) {
	for _, c := range list {
		set |= 1 << c
	}
	return set
}

func (s classes) has(c Class) bool { return s&(1<<c) != 0 }
