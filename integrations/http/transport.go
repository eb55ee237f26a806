package resilhttp

import "net/http"

//go:generate go tool resilgen

// A RoundTripper sends requests, as [http.RoundTripper] says.
//
// The policies of a [Transport] are below. Those that have numbers can be changed by
// [resil.WithOverrides], under the names RoundTripper and RoundTripper.RoundTrip.
//
//resil:wrap name=Transport
//resil:timeout 30s attempt=10s
//resil:retry
//resil:breaker per=host(req)
type RoundTripper interface {
	RoundTrip(req *http.Request) (*http.Response, error)
}

// host returns the host that a request goes to; "" if it has no URL, which the transport
// beneath refuses.
func host(req *http.Request) string {
	if req.URL == nil {
		return ""
	}
	return req.URL.Host
}

var _ http.RoundTripper = (*Transport)(nil)

// CloseIdleConnections closes the idle connections of the transport beneath, if it has a
// method for that. http.Client calls it.
func (t *Transport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
