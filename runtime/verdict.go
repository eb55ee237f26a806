package resil

import (
	"cmp"
	"time"
)

// A Verdict is the result of a classifier: a class and, where the classifier knows
// more, how long to wait and whether the call may be repeated. The zero Verdict
// leaves everything to the next classifier.
type Verdict struct {
	Class  Class         // what retry and breaker go by; Undecided leaves it to the next classifier
	After  time.Duration // how long the callee asks to be left alone; 0 is no hint
	Unsent bool          // the callee has certainly received nothing: see [NothingSent]
	Final  bool          // the call must not be repeated, whatever its class
	Status int           // of the HTTP response that failed, for messages; 0 for none
}

// asVerdict returns the result of a classifier of either form as a Verdict.
func asVerdict[C Class | Verdict](result C) Verdict {
	switch c := any(result).(type) {
	case Class:
		return Verdict{Class: c}
	case Verdict:
		return c
	}
	return Verdict{}
}

// Or returns v completed by what another source says: next decides the class only if v
// leaves it undecided, of two hints the longer counts, Unsent and Final hold if either
// says so, and of two statuses v's counts. It joins the tables by the code of a service with what its response says:
//
//	return resil.AWSCode(e.ErrorCode()).Or(resil.HTTPResponse(status, header))
func (v Verdict) Or(next Verdict) Verdict {
	v.add(next)
	return v
}

// add completes v with the result of a later classifier: o decides the class only if
// no earlier one has; everything else adds up.
func (v *Verdict) add(o Verdict) {
	if v.Class == Undecided {
		v.Class = o.Class.known()
	}
	v.After = max(v.After, o.After)
	v.Unsent = v.Unsent || o.Unsent
	v.Final = v.Final || o.Final
	v.Status = cmp.Or(v.Status, o.Status)
}

// match reports whether a retry on the classes s repeats a call for v.
func (s classes) match(v Verdict) bool {
	return !v.Final && (s.has(v.Class) || v.Unsent && s.has(NothingSent))
}
