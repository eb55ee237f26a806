package resil

import "github.com/resilgen/resilgen/internal/directive"

// A Class says what an attempt's result means for retry and breaker.
//
//	class           meaning                                    retried  breaker
//	Success                                                    –        success
//	Application     the callee answered: not found, invalid    no       success
//	Infrastructure  connection, timeout, unexpected EOF, 5xx   yes      failure
//	SystemFault     broken until someone mends it              no       failure
//	Throttled       the callee said slow down                  yes      neither
//	Canceled        this caller gave up                        no       neither
type Class uint8

const (
	Undecided      Class = iota // a classifier's way to pass on to the next
	Success                     // no error
	Application                 // the callee is alive and said no
	Infrastructure              // the way to the callee, or the callee, is failing
	SystemFault                 // certificate, configuration: repeating cannot help
	Throttled                   // the callee asks for fewer calls
	Canceled                    // the caller no longer wants the answer
)

var classNames = directive.Enum[Class]{"", "success", "application", "infrastructure", "system", "throttled", "canceled"}

func (c Class) String() string {
	if c == Undecided {
		return "undecided"
	}
	return classNames.Text(c)
}

// UnmarshalText reads the name of a class that can be retried: application,
// infrastructure, system or throttled.
func (c *Class) UnmarshalText(text []byte) error {
	retryable := classNames[Application:Canceled]
	var i Class
	if err := retryable.Read(&i, text); err != nil {
		return err
	}
	*c = Application + i
	return nil
}

// classes is a set of them.
type classes uint8

func classSet(list []Class) (set classes) {
	for _, c := range list {
		set |= 1 << c
	}
	return set
}

func (s classes) has(c Class) bool { return s&(1<<c) != 0 }
