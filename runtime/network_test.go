package resil

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"syscall"
	"testing"
)

func wrapped(err error) error { return fmt.Errorf("get: %w", err) }

func httpError(err error) error { return &url.Error{Op: "Get", URL: "http://host/path", Err: err} }

func TestNetworkKnowsErrors(t *testing.T) {
	var (
		undecided = Verdict{}
		unknown   = Verdict{Class: Unknown}
		answer    = Verdict{Class: Application}
		infra     = Verdict{Class: Infrastructure}
		unsent    = Verdict{Class: Infrastructure, Unsent: true}
		system    = Verdict{Class: SystemFault}
		throttled = Verdict{Class: Throttled}
	)
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	reset := &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	certificate := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	for _, tt := range []struct {
		name string
		err  error
		want Verdict
	}{
		{"text", errors.New("connection refused"), undecided},
		{"several texts", fmt.Errorf("%w: %w", errOdd, errors.New("i/o timeout")), undecided},

		// By value.
		{"deadline", context.DeadlineExceeded, infra},
		{"unexpected EOF", io.ErrUnexpectedEOF, infra},
		{"EOF", io.EOF, infra},
		{"closed pipe", io.ErrClosedPipe, infra},
		{"closed connection", net.ErrClosed, infra},
		{"bad connection", driver.ErrBadConn, infra},
		{"bad connection by Is", badConn{}, infra},
		{"canceled", context.Canceled, unknown},
		{"canceled by Is", canceledDial{}, unknown},
		{"no rows", sql.ErrNoRows, answer},

		// By type.
		{"refused", refused, unsent},
		{"refused by a proxy", &net.OpError{Op: "proxyconnect", Err: refused}, unsent},
		{"reset", reset, infra},
		{"errno of a connection", syscall.EPIPE, infra},
		{"errno of a dial", os.NewSyscallError("connect", syscall.ECONNREFUSED), unsent},
		{"errno of a file", &fs.PathError{Op: "open", Err: syscall.ENOENT}, undecided},
		{"a file that is busy", &fs.PathError{Op: "read", Err: syscall.EAGAIN}, undecided},
		{"too many files", syscall.EMFILE, undecided},
		{"deadline of a file", &fs.PathError{Op: "read", Err: os.ErrDeadlineExceeded}, infra},
		{"no such host", &net.DNSError{IsNotFound: true}, unsent},
		{"dial that was given up", &net.OpError{Op: "dial", Err: canceledDial{}}, Verdict{Class: Unknown, Unsent: true}},
		{"certificate", certificate, system},
		{"host name", x509.HostnameError{Certificate: &x509.Certificate{}}, system},
		{"no TLS", tls.RecordHeaderError{}, system},
		{"alert", &net.OpError{Op: "remote error", Err: tls.AlertError(42)}, system},
		{"address without a port", &net.OpError{Op: "dial", Err: &net.AddrError{}}, system},

		// By what a nested client says.
		{"open", &Error{Reason: ErrOpen}, Verdict{Class: Throttled, Unsent: true}},
		{"limited", &Error{Reason: ErrLimited}, Verdict{Class: Throttled, Unsent: true}},
		{"full", &Error{Reason: ErrFull}, Verdict{Class: Throttled, Unsent: true}},
		{"open after an attempt", &Error{Reason: ErrOpen, Attempts: 1, Err: reset}, throttled},
		{"open after an attempt that could not dial", &Error{Reason: ErrOpen, Attempts: 1, Err: refused}, Verdict{Class: Throttled, Unsent: true}},
		{"open after attempts, of which the last could not dial", &Error{Reason: ErrOpen, Attempts: 2, Err: refused}, throttled},
		{"timeout", &Error{Reason: ErrTimeout, Err: errOdd}, infra},
		{"exhausted", &Error{Reason: ErrExhausted, Attempts: 3, Err: refused}, infra},
		{"no budget", &Error{Reason: ErrBudget, Attempts: 1, Err: refused}, unsent},
		{"exhausted by the unknown", &Error{Reason: ErrExhausted, Err: errOdd}, undecided},
		{"a reason alone", ErrOpen, undecided},

		// By place.
		{"http: closed before the answer", httpError(io.EOF), infra},
		{"http: cut", httpError(wrapped(errors.New("malformed"))), infra},
		{"http: words of the transport", httpError(errors.New("http2: client connection lost")), infra},
		{"http: header", httpError(textproto.ProtocolError("malformed MIME header line")), infra},
		{"http: another program's error", httpError(sqlState{}), undecided},
		{"http: certificate", httpError(certificate), system},
		{"http: nested client", httpError(&Error{Reason: ErrOpen}), Verdict{Class: Throttled, Unsent: true}},
		{"http: canceled", httpError(context.Canceled), unknown},
		{"http: not parsed", &url.Error{Op: "parse", URL: "http://host:port", Err: errors.New("invalid port")}, undecided},
		{"http: no host", &url.Error{Op: "Get", URL: "http:///", Err: errors.New("no Host in request URL")}, undecided},
		{"http: no scheme", &url.Error{Op: "Get", URL: "host", Err: errors.New("unsupported protocol scheme")}, undecided},
		{"http: nothing", httpError(nil), undecided},

		// By shape.
		{"stream error", http2StreamError{1, 2, nil}, infra},
		{"stream that was refused", http2StreamError{1, 7, nil}, unsent},
		{"stream of too many", http2StreamError{1, 11, nil}, throttled},
		{"GOAWAY", http2GoAwayError{1, 0, ""}, infra},
		{"GOAWAY of too many", http2GoAwayError{1, 11, ""}, throttled},
		{"GOAWAY is not refused", http2GoAwayError{1, 7, ""}, infra},
		{"fields of other names", http2NoError{1, 2, nil}, undecided},

		// By method.
		{"SQLState", sqlState{code: "40001"}, throttled},
		{"SQLState without a code", sqlState{}, undecided},
		{"SQLState of success", sqlState{code: "00000"}, undecided},
		{"SQLErrorNumber", sqlServerError(1205), throttled},
		{"SQLErrorNumber of no error", sqlServerError(0), undecided},
		{"GRPCStatus", grpcError(14), infra},
		{"GRPCStatus OK", grpcError(0), undecided},
		{"GRPCStatus with a parameter", grpcOther{}, undecided},
		{"GRPCStatus nil", grpcNil{}, undecided},
		{"GRPCStatus with two results", grpcTwo{}, undecided},
		{"GRPCStatus whose code is text", grpcString{}, undecided},
		{"AWS code before status", &awsResponseError{&responseError{apiError("SlowDown"), 503}, ""}, throttled},
		{"AWS code with 400", &responseError{wrapped(apiError("ThrottlingException")), 400}, throttled},
		{"AWS code that is not known", &responseError{apiError("InternalError"), 500}, infra},
		{"AWS answer", &responseError{apiError("NoSuchKey"), 404}, answer},
		{"AWS answer that cannot be read", &responseError{wrapped(io.ErrUnexpectedEOF), 200}, infra},
		{"AWS code alone", apiError("NoSuchKey"), undecided},
		{"status with a response", &responseError{errOdd, 500}, infra},
		{"status of a good response", &responseError{errOdd, 200}, undecided},
		{"HTTPStatusCode of a gateway", httpStatusCode(503), infra},
		{"HTTPStatusCode of too many", httpStatusCode(429), throttled},
		{"HTTPStatusCode that may be a default", httpStatusCode(500), undecided},
		{"HTTPStatusCode of an answer", httpStatusCode(404), undecided},
		{"StatusCode of a gateway", statusCode(502), infra},
		{"StatusCode that may be a default", statusCode(500), undecided},
		{"label of overload", labeled{"RetryableWriteError", "SystemOverloadedError"}, throttled},
		{"label of the network", labeled{"NetworkError"}, infra},
		{"label of a transaction", labeled{"TransientTransactionError"}, infra},
		{"labels of a write that was not made", labeled{"NoWritesPerformed", "RetryableWriteError"}, unsent},
		{"label that says no class", labeled{"NoWritesPerformed"}, Verdict{Unsent: true}},
		{"no label", labeled{"other"}, undecided},
		{"SafeToRetry proves nothing", safeToRetry{errOdd, true}, Verdict{Class: Infrastructure}},
		{"SafeToRetry false", safeToRetry{errOdd, false}, undecided},
		{"SafeToRetry and a code", safeToRetry{sqlState{code: "28P01"}, true}, Verdict{Class: SystemFault}},
		{"SafeToRetry of a cancellation", safeToRetry{context.Canceled, true}, Verdict{Class: Unknown}},
		{"CanceledError", canceledError{errOdd}, infra},
		{"CanceledError of a cancellation", canceledError{context.Canceled}, unknown},
		{"ConnectionError", connectionError{errOdd}, infra},
		{"ConnectionError of a dial", connectionError{httpError(refused)}, unsent},
		{"ConnectionError of a certificate", connectionError{httpError(certificate)}, system},
		{"Timeout", timeoutOnly{errOdd}, infra},
		{"Temporary", temporaryError{errOdd}, infra},
		{"Temporary around an answer", temporaryError{sqlState{code: "23505"}}, answer},
		{"IsRetriable", retriableError{errOdd}, infra},
		{"IsRetriable around a status", retriableError{statusCode(429)}, throttled},
		{"says no to all", saysNo{}, undecided},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, err := range []error{tt.err, wrapped(wrapped(tt.err))} {
				if got := Network(err); got != tt.want {
					t.Errorf("Network(%v) = %+v, want %+v", err, got, tt.want)
				}
			}
		})
	}
}

// All is for backends whose errors all mean trouble.
func TestAllTakesTheRestForInfrastructure(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Verdict
	}{
		{errOdd, Verdict{Class: Infrastructure}},
		{labeled{"NoWritesPerformed"}, Verdict{Class: Infrastructure, Unsent: true}},
		{grpcError(5), Verdict{Class: Application}},
		{x509.HostnameError{Certificate: &x509.Certificate{}}, Verdict{Class: SystemFault}},
		{context.Canceled, Verdict{Class: Unknown}},
	} {
		if got := All(tt.err); got != tt.want {
			t.Errorf("All(%v) = %+v, want %+v", tt.err, got, tt.want)
		}
	}
}

// In a chain the outermost that says much decides; in a join the worst.
func TestJoinedErrorsAreAsBadAsTheWorst(t *testing.T) {
	ranked := []error{System(errOdd), Infra(errOdd), Throttle(errOdd, 0), App(errOdd), errOdd}
	found := []error{tls.RecordHeaderError{}, net.ErrClosed, grpcError(8), grpcError(5), errOdd}
	for _, errs := range [][]error{ranked, found} {
		for i, worst := range errs {
			for _, other := range errs[i:] {
				for _, err := range []error{errors.Join(worst, other), errors.Join(other, worst), fmt.Errorf("%w: %w", other, worst), wrapped(errors.Join(other, nil, wrapped(worst)))} {
					if got, want := ClassOf(err), ClassOf(worst); got != want {
						t.Errorf("%v of %v and %v, want %v", got, ClassOf(other), want, want)
					}
				}
			}
		}
	}
	if got := ClassOf(errors.Join(context.Canceled, net.ErrClosed)); got != Infrastructure {
		t.Errorf("a cancellation beside a lost connection is %v, want infrastructure", got)
	}
	// Whoever marks an error knows better than Network, in each branch.
	if got := ClassOf(errors.Join(tls.RecordHeaderError{}, App(errOdd))); got != Application {
		t.Errorf("a mark beside what network knows is %v, want application", got)
	}
}

// Joined errors list several failures: nothing was sent if none of them sent anything.
// An error that has several %w describes one failure.
func TestUnsentOfJoinedErrorsIsProved(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"each could not dial", errors.Join(dial, wrapped(dial)), true},
		{"one was sent", errors.Join(dial, net.ErrClosed), false},
		{"one is not known", errors.Join(dial, errOdd), false},
		{"its kind and its cause", fmt.Errorf("%w: %w", errOdd, dial), true},
		{"two of one failure", fmt.Errorf("%w: %w", net.ErrClosed, dial), false},
		{"none", errors.Join(errOdd), false},
		{"a mark speaks for all", errors.Join(errOdd, Unsent(errOdd)), true},
	} {
		if got := verdictOf(tt.err, Verdict{}, nil).Unsent; got != tt.want {
			t.Errorf("%s: unsent %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestClassifyingAllocatesNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"SQLState", wrapped(wrapped(sqlState{code: "40001"}))},
		{"unknown", wrapped(wrapped(errOdd))},
		{"a type that is not known", wrapped(saysNo{})},
		{"joined", errors.Join(errOdd, net.ErrClosed)},
		{"status", wrapped(statusCode(503))},
		{"AWS code", httpError(apiError("SlowDown"))},
		{"labels", wrapped(labeled{"NetworkError"})},
		{"dial", httpError(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})},
		{"mark", wrapped(Final(Infra(errOdd)))},
		{"nested client", wrapped(&Error{Reason: ErrExhausted, Err: errOdd})},
	} {
		classifiers := []Classifier{func(error) Verdict { return Verdict{} }}
		if n := testing.AllocsPerRun(1000, func() { verdictOf(tt.err, Verdict{}, classifiers) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", tt.name, n)
		}
	}
}
