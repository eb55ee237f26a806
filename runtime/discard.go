package resil

import (
	"io"
	"reflect"
)

// drained is how much of a reader is read before it is closed.
const drained = 64 << 10

// Discard closes a result that is thrown away because the result of another attempt,
// or of a fallback, takes its place. It does nothing for zero values, such as a nil
// pointer in an interface, and drops the error of Close. From a reader that is no
// writer it first reads up to 64 KiB, so that an HTTP connection can be used again;
// that takes as long as the sender does, at most until the context of the call ends.
func Discard(c io.Closer) {
	if c == nil || reflect.ValueOf(c).IsZero() {
		return
	}
	defer func() { _ = c.Close() }() // if Read panics, too
	_, writes := c.(io.Writer)       // a connection or file, where reading may wait forever
	if r, reads := c.(io.Reader); reads && !writes {
		_, _ = io.CopyN(io.Discard, r, drained)
	}
}
