package resil

import (
	"bytes"
	"io"
	"testing"
)

// A body counts what is read of it, and how often it is closed.
type body struct {
	io.Reader
	read, closed int
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *body) Close() error { b.closed++; return nil }

type conn struct{ body }

func (*conn) Write([]byte) (int, error) { return 0, nil }

// A handle is closed through a value, not a pointer.
type handle struct{ closed *int }

func (h handle) Close() error { *h.closed++; return nil }

func TestDiscardDrainsWhatCanOnlyBeRead(t *testing.T) {
	for _, tt := range []struct{ size, read int }{{0, 0}, {10, 10}, {1 << 20, drained}} {
		b := &body{Reader: bytes.NewReader(make([]byte, tt.size))}
		Discard(b)
		if b.read != tt.read || b.closed != 1 {
			t.Errorf("of %d bytes read %d, closed %d times; want %d, once", tt.size, b.read, b.closed, tt.read)
		}
	}
	c := &conn{body{Reader: bytes.NewReader(make([]byte, 10))}}
	Discard(c)
	if c.read != 0 || c.closed != 1 {
		t.Errorf("of a connection read %d bytes, closed %d times; want none, once", c.read, c.closed)
	}
}

func TestDiscardClosesWhatPanicsWhenRead(t *testing.T) {
	b := new(body) // without a reader
	defer func() {
		if recover() == nil || b.closed != 1 {
			t.Errorf("closed %d times, want once, and the panic to pass", b.closed)
		}
	}()
	Discard(b)
}

func TestDiscardLeavesZeroValuesAlone(t *testing.T) {
	Discard(nil)
	Discard((*body)(nil))
	Discard(handle{})
	closed := 0
	Discard(handle{&closed})
	if closed != 1 {
		t.Errorf("closed %d times, want once", closed)
	}
}
