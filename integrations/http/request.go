// Package resilhttp guards HTTP: requests that are made more than once, a transport for
// any http.Client, and the server's side of refusals. It needs nothing but the standard
// library and the runtime.
package resilhttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Request is an [http.Request] that may be sent more than once. Generated code makes
// one for each call of a method that takes a request. It is for one call, whose attempts
// may use it concurrently.
type Request struct {
	ctx  context.Context
	req  *http.Request
	sent atomic.Bool // the first attempt has taken the body
}

// NewRequest prepares req for a call under ctx, which is most often req.Context(). The
// call is repeated only if that is safe: its method is idempotent by RFC 9110, section
// 9.2.2, or it has the header Idempotency-Key or X-Idempotency-Key; and its body can be
// had again, from GetBody. Else it is made once: see [resil.NoRetry].
func NewRequest(ctx context.Context, req *http.Request) *Request {
	return newRequest(ctx, req, isIdempotent(req))
}

// NewIdempotentRequest is [NewRequest] for requests that are safe to repeat, whatever
// their method is.
func NewIdempotentRequest(ctx context.Context, req *http.Request) *Request {
	return newRequest(ctx, req, true)
}

func newRequest(ctx context.Context, req *http.Request, idempotent bool) *Request {
	if !idempotent || hasBody(req) && req.GetBody == nil {
		ctx = resil.NoRetry(ctx)
	}
	return &Request{ctx: ctx, req: req}
}

func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

// isIdempotent reports whether a request is safe to repeat by its method or its headers.
func isIdempotent(req *http.Request) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return req.Header.Get("Idempotency-Key") != "" || req.Header.Get("X-Idempotency-Key") != ""
}

// Context returns the context of the call.
func (r *Request) Context() context.Context { return r.ctx }

// Attempt returns the request of one attempt: a copy with the attempt's context and with
// a body that nobody has read. If GetBody fails, reading the body gives its error.
func (r *Request) Attempt(ctx context.Context) *http.Request {
	attempt := r.req.Clone(ctx)
	if !hasBody(r.req) {
		return attempt
	}
	if !r.sent.Swap(true) {
		attempt.Trailer = r.req.Trailer // values may be set while the body is read
		return attempt
	}
	attempt.Body = unreadable{errUsedUp}
	if r.req.GetBody != nil {
		body, err := r.req.GetBody()
		if err != nil {
			body = unreadable{err}
		}
		attempt.Body = body
	}
	return attempt
}

var errUsedUp = errors.New("resilhttp: the body of the request is used up, and the request has no GetBody")

// Close ends the call. It closes the body of a request that no attempt has sent, as
// http.Client and http.RoundTripper do.
func (r *Request) Close() {
	if hasBody(r.req) && !r.sent.Swap(true) {
		r.req.Body.Close()
	}
}

// unreadable is a body that could not be had again.
type unreadable struct{ err error }

func (u unreadable) Read([]byte) (int, error) { return 0, u.err }
func (u unreadable) Close() error             { return nil }

var _ io.ReadCloser = unreadable{}
