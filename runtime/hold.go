package resil

import (
	"context"
	"errors"
	"io"
	"iter"
	"reflect"
	"runtime"
	"sync/atomic"
	"time"
)

// A Hold keeps the context of an attempt alive for a part of its result that is used
// after the call. Generated wrappers of such parts say when theirs ends, in whichever
// way comes first. Then the context is canceled, unless another part of the result
// still needs it. A Hold that nobody refers to any more ends too. All methods may be
// called concurrently, and of a nil Hold.
type Hold struct {
	held    *lasting
	ended   atomic.Bool
	garbage runtime.Cleanup
}

// NewHold returns a hold of the attempt that ctx was handed to. It is nil where the
// method does not have Outlives set.
func NewHold(ctx context.Context) *Hold {
	h := NewHoldUntilEnded(ctx)
	if h != nil && h.held.cancel != nil && !isBubbled() {
		h.garbage = runtime.AddCleanup(h, (*lasting).drop, h.held)
	}
	return h
}

// NewHoldUntilEnded is [NewHold] for results that may be garbage while what they gave
// away is still used, such as a channel: until the hold is told of its end, only that
// of the caller's context cancels the attempt's.
func NewHoldUntilEnded(ctx context.Context) *Hold {
	a, ok := ctx.Value(lastingKey{}).(*lasting)
	if !ok {
		return nil
	}
	a.parts.Add(1)
	return &Hold{held: a}
}

// isBubbled reports whether the goroutine is in a bubble of testing/synctest, where no
// time has a monotonic reading. Cleanups run outside, from where a context of a bubble
// must not be canceled.
func isBubbled() bool {
	now := time.Now()
	return now == now.Round(0)
}

// first reports whether the hold ends now.
func (h *Hold) first() bool {
	if h == nil || h.ended.Swap(true) {
		return false
	}
	h.garbage.Stop()
	return true
}

// Release ends the hold.
func (h *Hold) Release() {
	if h.first() {
		h.held.drop()
	}
}

// Close closes what is held, and ends the hold. It returns what close does.
func (h *Hold) Close(close func() error) error {
	if h.first() { // now, so that what close ends is no failure
		defer h.held.drop()
	}
	return close()
}

// Stop is [Hold.Close] where that returns no error.
func (h *Hold) Stop(stop func()) {
	if h.first() {
		defer h.held.drop()
	}
	stop()
}

// End ends the hold if err is not nil, and returns err. An error that is not io.EOF is
// a failure of the callee after the call, unless the hold or the caller's context has
// ended before: the circuit breaker that let the call through counts it, and so does
// [MethodStats].StreamFailures.
func (h *Hold) End(err error) error {
	if err != nil {
		h.Done(err)
	}
	return err
}

// Done ends the hold for good: without an error if err is nil, and else as [Hold.End]
// does.
func (h *Hold) Done(err error) {
	if !h.first() {
		return
	}
	if err != nil && !errors.Is(err, io.EOF) {
		h.held.tell(err)
	}
	h.held.drop()
}

// Next ends the hold where there is no more to come; then err says why. It returns
// more.
func (h *Hold) Next(more bool, err func() error) bool {
	if !more {
		h.Done(err())
	}
	return more
}

// HoldPointer holds what p points to until that is garbage, and returns p. It holds
// nothing for nil.
func HoldPointer[T any](ctx context.Context, p *T) *T {
	if p == nil {
		return nil
	}
	h := NewHoldUntilEnded(ctx)
	if h != nil && h.held.cancel != nil && !isBubbled() { // a bubble's contexts end with it
		defer func() { _ = recover() }() // p is not of Go's memory: the caller's context must end it
		runtime.AddCleanup(p, (*Hold).Release, h)
	}
	return p
}

// HoldReadCloser holds a body until it is closed, read to its end or fails. A body
// that can be written to is a connection: it is held until it is closed. It returns
// nil for nil.
func HoldReadCloser(ctx context.Context, body io.ReadCloser) io.ReadCloser {
	if body == nil || reflect.ValueOf(body).IsZero() { // as http.NoBody, which callers compare with
		return body
	}
	if w, writes := body.(io.Writer); writes {
		return &heldConn{heldCloser{body, NewHold(ctx)}, body, w}
	}
	return &heldBody{heldCloser{body, NewHold(ctx)}, body}
}

type heldCloser struct {
	closer io.Closer
	hold   *Hold
}

func (c *heldCloser) Close() error { return c.hold.Close(c.closer.Close) }

type heldConn struct {
	heldCloser
	io.Reader
	io.Writer
}

type heldBody struct {
	heldCloser
	reader io.Reader
}

func (b *heldBody) Read(p []byte) (int, error) {
	n, err := b.reader.Read(p)
	return n, b.hold.End(err)
}

// HoldSeq holds a sequence until an iteration over it ends. It returns nil for nil.
func HoldSeq[V any](ctx context.Context, seq iter.Seq[V]) iter.Seq[V] {
	if seq == nil {
		return nil
	}
	h := NewHold(ctx)
	return func(yield func(V) bool) {
		defer h.Release()
		seq(yield)
	}
}

// HoldSeq2 is [HoldSeq] for pairs. Where their second values are errors, one that is
// not nil is a failure, as in [Hold.End].
func HoldSeq2[K, V any](ctx context.Context, seq iter.Seq2[K, V]) iter.Seq2[K, V] {
	if seq == nil {
		return nil
	}
	h := NewHold(ctx)
	return func(yield func(K, V) bool) {
		defer h.Release()
		seq(func(k K, v V) bool {
			if err, ok := any(v).(error); ok {
				h.tell(err)
			}
			return yield(k, v)
		})
	}
}

// tell books a failure, which does not end the hold.
func (h *Hold) tell(err error) {
	if h != nil && !h.ended.Load() && !errors.Is(err, io.EOF) {
		h.held.tell(err)
	}
}
