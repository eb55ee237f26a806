package resil

import "time"

// A Verdict is what a classifier says of an error.
type Verdict struct {
	Class Class
	After time.Duration // how long the callee wants to be left alone; 0 for no hint

	Unsent bool // the callee has certainly not seen the request
	Final  bool // the callee must not be asked again, whatever the class
}

// NothingSent stands in [Retry.On] for errors of any class of which it is certain
// that the callee has not seen the request. No error has it as its class.
const NothingSent Class = Canceled + 1
