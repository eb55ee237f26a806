package resilhttp

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// WriteRefusal answers a request whose handler could not serve it because a client of
// this module refused a call, or was asked to call later. err may wrap that client's
// error. It answers
//
//   - 429 Too Many Requests for [resil.ErrLimited];
//   - 503 Service Unavailable for [resil.ErrOpen], [resil.ErrFull] and
//     [resil.ErrRetryLater];
//
// with the header Retry-After, in whole seconds, where the time is known. The body says
// no more than the status does. For any other error it writes nothing and returns false.
//
// A client of this module on the other side takes the answer as a request for fewer
// calls: see [resil.HTTPResponse].
func WriteRefusal(w http.ResponseWriter, err error) bool {
	status := statusOf(err)
	if status == 0 {
		return false
	}
	if after := retryAfter(err); after > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(seconds(after), 10))
	}
	http.Error(w, http.StatusText(status), status)
	return true
}

// A HandlerFunc is a handler that returns an error instead of answering. Refusals are
// answered as by [WriteRefusal], and other errors with 500 and no details: log them in
// the function. A handler that has begun to answer returns nil.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP calls f.
func (f HandlerFunc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := f(w, r); err != nil && !WriteRefusal(w, err) {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// statusOf returns the status that answers a refusal; 0 for other errors.
func statusOf(err error) int {
	switch {
	case errors.Is(err, resil.ErrLimited):
		return http.StatusTooManyRequests
	case errors.Is(err, resil.ErrOpen), errors.Is(err, resil.ErrFull), errors.Is(err, resil.ErrRetryLater):
		return http.StatusServiceUnavailable
	}
	return 0
}

// retryAfter returns how long the caller should wait.
func retryAfter(err error) time.Duration {
	e, ok := errors.AsType[*resil.Error](err)
	if !ok {
		return 0
	}
	return e.RetryAfter()
}

// seconds rounds up: who waits exactly as told must not come too early.
func seconds(d time.Duration) int64 {
	return int64(math.Ceil(d.Seconds()))
}
