package resil

import (
	"io"
	"reflect"
)

// drained is how much of a reader is read before it is closed.
const drained = 64 << 10

// Discard closes a result that is thrown away because another attempt, or a
// fallback, has taken its place. Zero values, nil pointers in an interface among
// them, are left alone. Up to 64 KiB of what can only be read are read first, so
// that an HTTP connection can be used again; that takes as long as the sender
// does, at most until the context of the call ends.
func Discard(c io.Closer) {
	if c == nil || reflect.ValueOf(c).IsZero() {
		return
	}
	_, writes := c.(io.Writer) // a connection or file, where reading may wait for ever
	if r, reads := c.(io.Reader); reads && !writes {
		_, _ = io.CopyN(io.Discard, r, drained)
	}
	_ = c.Close()
}
