package resil

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestClassOf(t *testing.T) {
	_, nested := one(t, breaker(func(*Breaker) {}))
	nested.breaker.ForceOpen()
	refused := Run(context.Background(), nested, succeed)

	for _, tt := range []struct {
		name string
		err  error
		want Class
	}{
		{"no error", nil, Success},
		{"unknown", errors.New("connection refused"), Application}, // by type, never by text
		{"io.EOF", io.EOF, Application},
		{"canceled inside the callee", context.Canceled, Application},

		{"mark App", App(io.ErrUnexpectedEOF), Application},
		{"mark Infra", Infra(errNotFound), Infrastructure},
		{"mark System", System(errNotFound), SystemFault},
		{"mark Throttle", Throttle(errNotFound, 0), Throttled},
		{"mark deep in the chain", fmt.Errorf("get: %w", errors.Join(errNotFound, fmt.Errorf("x: %w", Infra(errNotFound)))), Infrastructure},
		{"outermost mark wins", App(Infra(errNotFound)), Application},

		{"deadline", fmt.Errorf("get: %w", context.DeadlineExceeded), Infrastructure},
		{"file deadline", os.ErrDeadlineExceeded, Infrastructure},
		{"unexpected EOF", io.ErrUnexpectedEOF, Infrastructure},
		{"bad connection", driver.ErrBadConn, Infrastructure},
		{"closed connection", net.ErrClosed, Infrastructure},
		{"reset", &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, Infrastructure},
		{"bare errno of a connection", syscall.EPIPE, Infrastructure},
		{"errno of a file", syscall.ENOENT, Application},
		{"no such host", &net.DNSError{IsNotFound: true}, Infrastructure},
		{"http: connection closed before the answer", &url.Error{Op: "Get", Err: io.EOF}, Infrastructure},
		{"http: unsupported scheme", &url.Error{Op: "Get", Err: errors.New("unsupported protocol scheme")}, Application},
		{"certificate", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, SystemFault},
		{"handshake alert", &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, SystemFault},
		{"address without a port", &net.OpError{Op: "dial", Err: &net.AddrError{Err: "missing port in address"}}, SystemFault},

		{"nested client's open breaker", fmt.Errorf("inner: %w", refused), Throttled},
		{"nested client's limit", &Error{Reason: ErrLimited}, Throttled},
		{"nested client's timeout", &Error{Reason: ErrTimeout, Err: errNotFound}, Infrastructure},
		{"nested client's exhaustion is what it wraps", &Error{Reason: ErrExhausted, Err: errDown}, Infrastructure},
		{"nested client's budget around the unknown", &Error{Reason: ErrBudget, Err: errNotFound}, Application},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ClassOf(tt.err); got != tt.want {
				t.Errorf("ClassOf(%v) = %v, want %v", tt.err, got, tt.want)
			}
		})
	}
}

func TestRealFailuresOfHTTP(t *testing.T) {
	get := func(url string) error {
		resp, err := http.Get(url)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		return err
	}
	hijack := func(write string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(conn, write)
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}
	dead := httptest.NewServer(nil)
	dead.Close()
	reset := httptest.NewServer(hijack(""))
	defer reset.Close()
	truncated := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("short"))
	}))
	defer truncated.Close()
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()

	for _, tt := range []struct {
		name string
		url  string
		want Class
	}{
		{"nobody listens", dead.URL, Infrastructure},
		{"reset before an answer", reset.URL, Infrastructure},
		{"answer cut short", truncated.URL, Infrastructure},
		{"unknown certificate authority", secure.URL, SystemFault},
	} {
		err := get(tt.url)
		if got := ClassOf(err); err == nil || got != tt.want {
			t.Errorf("%s: %v is %v, want %v", tt.name, err, got, tt.want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestClassifiersAreAskedInOrder(t *testing.T) {
	pass := func(error) Verdict { return Verdict{} }
	says := func(c Class) Classifier { return ClassifierOf(func(error) Class { return c }) }
	for _, tt := range []struct {
		name        string
		classifiers []Classifier
		err         error
		want        Class
	}{
		{"first that decides", []Classifier{pass, says(Throttled), says(SystemFault)}, errNotFound, Throttled},
		{"network last", []Classifier{pass}, io.ErrUnexpectedEOF, Infrastructure},
		{"a classifier overrules network", []Classifier{says(Application)}, io.ErrUnexpectedEOF, Application},
		{"a mark overrules classifiers", []Classifier{says(Application)}, errDown, Infrastructure},
		{"an error is no success: an answer", []Classifier{says(Success)}, errNotFound, Application},
		{"a class that there is not decides nothing", []Classifier{says(Canceled + 1), says(Throttled)}, errNotFound, Throttled},
		{"all", []Classifier{All}, errNotFound, Infrastructure},
		{"all keeps what network knows", []Classifier{All}, x509.HostnameError{Certificate: &x509.Certificate{}}, SystemFault},
	} {
		if got := verdictOf(tt.err, Verdict{}, tt.classifiers).Class; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestOwnErrorIsUntouched(t *testing.T) {
	_, m := one(t, all(retry(func(*Retry) {}), breaker(func(*Breaker) {}), timeouts(time.Minute, 0)))
	want := &os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}
	got := Run(context.Background(), m, func(context.Context) error { return want })
	if got != error(want) || !os.IsNotExist(got) {
		t.Errorf("got %v, want the callee's own error", got)
	}
}

func TestMarksKeepTheError(t *testing.T) {
	for _, mark := range []func(error) error{App, Infra, System, func(err error) error { return Throttle(err, 0) }} {
		if mark(nil) != nil {
			t.Error("a mark made an error of nil")
		}
		if err := mark(errNotFound); !errors.Is(err, errNotFound) || err.Error() != errNotFound.Error() {
			t.Errorf("got %v, want it to read and unwrap as %v", err, errNotFound)
		}
	}
}

func TestErrorsSayWhoStopped(t *testing.T) {
	last := errors.New("503 Service Unavailable")
	for _, tt := range []struct {
		err  *Error
		want string
	}{
		{&Error{Method: "Users.Get", Reason: ErrBudget, Attempts: 1, Err: last},
			"Users.Get: client-side retry budget spent (1 attempt made): 503 Service Unavailable"},
		{&Error{Method: "Users.Get", Reason: ErrExhausted, Attempts: 3, Err: last, timedOut: true},
			"Users.Get: all attempts failed (3 attempts made, the last timed out): 503 Service Unavailable"},
		{&Error{Method: "Users.Get", Reason: ErrOpen},
			"Users.Get: circuit breaker is open"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
