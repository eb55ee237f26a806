package cassandra

import (
	"context"
	"errors"
	"io"
	"testing"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// A response is an error of the server. Those of the driver have no constructor; they have
// these methods.
type response int

func (r response) Code() int       { return int(r) }
func (r response) Message() string { return "text" }
func (r response) Error() string   { return "text" }

var (
	_ gocql.RequestError = response(0)
	_ gocql.RequestError = (*gocql.RequestErrUnavailable)(nil)
	_ gocql.RequestError = (*gocql.RequestErrOverloaded)(nil)
	_ gocql.RequestError = (*gocql.RequestErrWriteTimeout)(nil)
	_ gocql.RequestError = (*gocql.RequestErrReadTimeout)(nil)
	_ gocql.RequestError = (*gocql.RequestErrBootstrapping)(nil)
)

func TestVerdicts(t *testing.T) {
	code := func(name string, code int, class resil.Class) verdicttest.Case {
		return verdicttest.Case{Name: name, Err: response(code), Want: resil.Verdict{Class: class}}
	}
	want := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c} }
	verdicttest.Errors(t, classifyStatementCassandra, []verdicttest.Case{
		code("server", gocql.ErrCodeServer, resil.Infrastructure),
		code("unavailable", gocql.ErrCodeUnavailable, resil.Infrastructure),
		code("bootstrapping", gocql.ErrCodeBootstrapping, resil.Infrastructure),
		code("write timeout", gocql.ErrCodeWriteTimeout, resil.Infrastructure),
		code("read timeout", gocql.ErrCodeReadTimeout, resil.Infrastructure),
		code("read failure", gocql.ErrCodeReadFailure, resil.Infrastructure),
		code("write failure", gocql.ErrCodeWriteFailure, resil.Infrastructure),
		code("overloaded", gocql.ErrCodeOverloaded, resil.Throttled),
		code("compare and set, not known", gocql.ErrCodeCASWriteUnknown, resil.Throttled),
		code("credentials", gocql.ErrCodeCredentials, resil.SystemFault),
		code("protocol", gocql.ErrCodeProtocol, resil.SystemFault),
		code("syntax", gocql.ErrCodeSyntax, resil.Application),
		code("unauthorized", gocql.ErrCodeUnauthorized, resil.Application),
		code("invalid", gocql.ErrCodeInvalid, resil.Application),
		code("exists", gocql.ErrCodeAlreadyExists, resil.Application),
		{Name: "an error of the driver's type", Err: &gocql.RequestErrUnavailable{}, Want: want(resil.Infrastructure)},
		{Name: "not found", Err: gocql.ErrNotFound, Want: want(resil.Application)},
		{Name: "no host", Err: gocql.ErrNoConnections, Want: resil.Verdict{Class: resil.Infrastructure, Unsent: true}},
		{Name: "no stream", Err: gocql.ErrNoStreams, Want: resil.Verdict{Class: resil.Throttled, Unsent: true}},
		{Name: "no response", Err: gocql.ErrTimeoutNoResponse, Want: want(resil.Infrastructure)},
		{Name: "connection closed", Err: gocql.ErrConnectionClosed, Want: want(resil.Infrastructure)},
		{Name: "unavailable, said by the driver", Err: gocql.ErrUnavailable, Want: want(resil.Infrastructure)},
		{Name: "session closed", Err: gocql.ErrSessionClosed, Want: want(resil.SystemFault)},
		{Name: "cut off", Err: io.ErrUnexpectedEOF, Network: resil.Infrastructure},
		{Name: "unknown", Err: errors.New("text")},
	})
}

// A statement fails as it is told to.
type statement struct{ err error }

func (s *statement) ScanContext(context.Context, ...any) error { return s.err }
func (s *statement) ExecContext(context.Context) error         { return s.err }

func TestFailuresAreRepeatedAndOpenTheBreakerAndAnswersDoNot(t *testing.T) {
	s := &statement{}
	w, err := NewResilientStatement(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, s.err = range []error{gocql.ErrNotFound, response(gocql.ErrCodeInvalid)} {
		for range 20 {
			if err := w.ScanContext(t.Context()); !errors.Is(err, s.err) || errors.Is(err, resil.ErrOpen) {
				t.Fatal(err)
			}
		}
	}
	attempts := func(method string) int { return int(w.Resilience().Stats().Method(method).Attempts) }
	for _, c := range []struct {
		err        error
		scan, exec int // attempts
	}{
		{gocql.ErrNoConnections, 3, 3},
		{gocql.ErrNoStreams, 3, 3},
		{response(gocql.ErrCodeOverloaded), 3, 1},
	} {
		s.err = c.err
		scanned, executed := attempts("ScanContext"), attempts("ExecContext")
		w.ScanContext(t.Context())
		w.ExecContext(t.Context())
		if scan, exec := attempts("ScanContext")-scanned, attempts("ExecContext")-executed; scan != c.scan || exec != c.exec {
			t.Errorf("%v: %d attempts of a read and %d of a write, want %d and %d", c.err, scan, exec, c.scan, c.exec)
		}
		w.Resilience().Breaker("Statement").Reset()
	}
	s.err = gocql.ErrTimeoutNoResponse
	for range 60 {
		if err = w.ExecContext(t.Context()); errors.Is(err, resil.ErrOpen) {
			return
		}
	}
	t.Errorf("the breaker does not open: %v", err)
}
