package resil

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"reflect"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// A panicking error has every method that Network asks for, and all of them panic.
type panicking struct{ *apiFailure }

type apiFailure struct {
	inner interface {
		error
		Is(error) bool
		SQLState() string
		SQLErrorNumber() int32
		GRPCStatus() *grpcStatus
		ErrorCode() string
		ErrorMessage() string
		HasErrorLabel(string) bool
		HTTPStatusCode() int
		StatusCode() int
		SafeToRetry() bool
		Timeout() bool
		RetryAfter() time.Duration
	}
}

func (e *apiFailure) Error() string               { return e.inner.Error() }
func (e *apiFailure) Unwrap() error               { return e.inner }
func (e *apiFailure) Is(target error) bool        { return e.inner.Is(target) }
func (e *apiFailure) SQLState() string            { return e.inner.SQLState() }
func (e *apiFailure) SQLErrorNumber() int32       { return e.inner.SQLErrorNumber() }
func (e *apiFailure) GRPCStatus() *grpcStatus     { return e.inner.GRPCStatus() }
func (e *apiFailure) ErrorCode() string           { return e.inner.ErrorCode() }
func (e *apiFailure) ErrorMessage() string        { return e.inner.ErrorMessage() }
func (e *apiFailure) HasErrorLabel(l string) bool { return e.inner.HasErrorLabel(l) }
func (e *apiFailure) HTTPStatusCode() int         { return e.inner.HTTPStatusCode() }
func (e *apiFailure) StatusCode() int             { return e.inner.StatusCode() }
func (e *apiFailure) SafeToRetry() bool           { return e.inner.SafeToRetry() }
func (e *apiFailure) Timeout() bool               { return e.inner.Timeout() }
func (e *apiFailure) RetryAfter() time.Duration   { return e.inner.RetryAfter() }

// One whose method GRPCStatus alone panics, on a nil receiver that reflection finds.
type grpcPanics struct{ *grpcHolder }

type grpcHolder struct {
	text
	status *grpcStatus
}

func (h *grpcHolder) GRPCStatus() *grpcStatus { return h.status }

// typedNils are errors that are not nil and have nothing in them.
var typedNils = []error{
	(*mark)(nil), (*Error)(nil), (*classified)(nil),
	(*url.Error)(nil), (*net.OpError)(nil), (*net.DNSError)(nil), (*net.AddrError)(nil), (*net.ParseError)(nil),
	(*fs.PathError)(nil), (*os.SyscallError)(nil), (*os.LinkError)(nil),
	(*tls.CertificateVerificationError)(nil), (*textproto.Error)(nil), (*HedgePanic)(nil),
	(*responseError)(nil), (*apiFailure)(nil), (*awsResponseError)(nil), (*grpcHolder)(nil),
}

// hollowErrors hold a nil and panic when asked.
var hollowErrors = []error{
	awsResponseError{}, &awsResponseError{}, panicking{}, &panicking{}, panicking{&apiFailure{}}, &apiFailure{},
	grpcPanics{}, grpcPanics{&grpcHolder{}}, &responseError{}, safeToRetry{}, labeled(nil), &net.OpError{}, &url.Error{},
	&fs.PathError{}, &os.SyscallError{}, &tls.CertificateVerificationError{}, &mark{}, &Error{},
}

func TestTypedNilsAreErrorsThatNobodyKnows(t *testing.T) {
	for _, err := range typedNils {
		name := fmt.Sprintf("%T", err)
		for _, err := range []error{err, wrapped(err), httpError(err), errors.Join(err, nil)} {
			if got := verdictOf(err, Verdict{}, nil); got != (Verdict{Class: Unknown}) {
				t.Errorf("%s is %+v, want unknown", name, got)
			}
			if got := Network(err); got != (Verdict{}) {
				t.Errorf("%s is %+v to Network, want undecided", name, got)
			}
			if got := All(err).Class; got != Infrastructure {
				t.Errorf("%s is %v to All, want infrastructure", name, got)
			}
		}
		if got := ClassOf(Infra(err)); got != Infrastructure {
			t.Errorf("%s is %v, marked as infrastructure", name, got)
		}
		if got := ClassOf(errors.Join(err, net.ErrClosed)); got != Infrastructure {
			t.Errorf("%s is %v beside a lost connection, want infrastructure", name, got)
		}
	}
}

// A typed nil may make a classifier panic: then the classifier counts for nothing.
func TestTypedNilsCrashNoClassifier(t *testing.T) {
	byField := func(err error) Verdict {
		var e *responseError
		if errors.As(err, &e) && e.status == 404 {
			return Verdict{Class: Application}
		}
		return Verdict{}
	}
	byType := func(err error) Verdict {
		if _, ok := err.(*responseError); ok {
			return Verdict{Class: Throttled}
		}
		return Verdict{}
	}
	null := (*responseError)(nil)
	for _, tt := range []struct {
		name        string
		classifiers []Classifier
		want        Class
	}{
		{"none", nil, Unknown},
		{"one that panics", []Classifier{byField}, Unknown},
		{"the next is asked", []Classifier{byField, byType}, Throttled},
	} {
		c, m := newMethod(t, func(_ *Spec, m *MethodSpec) { m.Classify = tt.classifiers })
		err := Run(t.Context(), m, func(context.Context) error { return null })
		if err != error(null) {
			t.Errorf("%s: got %v, want the callee's own error", tt.name, err)
		}
		if got := m.counts.classes[tt.want].Load(); got != 1 {
			t.Errorf("%s: stats %+v, want one of %v", tt.name, c.Stats().Method("Get"), tt.want)
		}
		if m.FallsBack(t.Context(), err) != true {
			t.Errorf("%s: no fallback", tt.name)
		}
	}

	_, m := newMethod(t, func(*Spec, *MethodSpec) {})
	fails := func(context.Context) (int, error) { return 7, null }
	results := func(_ int, err error) Verdict { return byField(err) }
	if v, err := CallClassified(t.Context(), m, fails, results); v != 7 || err != error(null) {
		t.Errorf("CallClassified: got %d, %v", v, err)
	}
	if err := RunClassified(t.Context(), m, func(context.Context) error { return null }, byField); err != error(null) {
		t.Errorf("RunClassified: got %v", err)
	}
	if cause := FallsBackClassified(t.Context(), m, null, byField); cause != error(null) {
		t.Errorf("FallsBackClassified: the cause is %v", cause)
	}
}

// A call ends with such errors as with any other: it is retried, hedged or out of time.
func TestErrorsWhoseMethodsPanicEndCallsAsOthersDo(t *testing.T) {
	for _, failure := range slices.Concat(typedNils, hollowErrors) {
		if _, ok := failure.(*classified); ok {
			continue // no callee can return one
		}
		for name, set := range map[string]func(*Spec, *MethodSpec){
			"retry":   withRetry(func(*Retry) {}),
			"hedge":   withHedge(Hedge{Delay: time.Second, Max: 1}),
			"timeout": withTimeouts(time.Second, 0),
		} {
			t.Run(fmt.Sprintf("%s of %T", name, failure), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, m := newMethod(t, withAll(set, func(_ *Spec, m *MethodSpec) { m.Classify = []Classifier{All} }))
					_, err := Hedged(t.Context(), m, func(context.Context) (int, error) {
						time.Sleep(2 * time.Second)
						return 0, failure
					}, nil)
					var own *Error
					if !reflect.DeepEqual(err, failure) && !(errors.As(err, &own) && reflect.DeepEqual(own.Err, failure)) {
						t.Errorf("got %v, want the callee's error or one around it", err)
					}
					if s := c.Stats().Method("Get"); s.Calls != 1 || s.Panicked != 0 || (name == "timeout") != (s.TimedOut == 1) {
						t.Errorf("stats %+v", s)
					}
				})
			})
		}
	}
}

// A classifier that panics about any other error is wrong: the panic passes.
func TestPanicOfAClassifierReachesTheCaller(t *testing.T) {
	c, m := newMethod(t, func(_ *Spec, m *MethodSpec) {
		m.Classify = []Classifier{func(error) Verdict { panic("classifier") }}
	})
	defer func() {
		if v := recover(); v != "classifier" {
			t.Errorf("recovered %v", v)
		}
		if s := c.Stats().Method("Get"); s.Panicked != 1 {
			t.Errorf("stats %+v", s)
		}
	}()
	Run(t.Context(), m, func(context.Context) error { return errOdd })
}

// drawError puts together an error of everything that the tests know.
func drawError(t *rapid.T, depth int) error {
	leaves := append([]error{errOdd, io.EOF, context.Canceled, context.DeadlineExceeded, driver.ErrBadConn, badConn{}, syscall.ECONNREFUSED,
		tls.RecordHeaderError{}, sqlState{code: "40001"}, sqlState{code: "23505"}, grpcError(14), grpcError(5), grpcNil{},
		statusCode(503), apiError("SlowDown"), labeled{"NoWritesPerformed"}, http2StreamError{1, 7, nil}, saysNo{}}, typedNils...)
	leaves = append(leaves, hollowErrors...)
	if depth == 0 {
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	inner := drawError(t, depth-1)
	return rapid.SampledFrom([]func(error) error{
		func(err error) error { return err },
		wrapped, httpError, App, Infra, System, Unsent, Final,
		func(err error) error { return Throttle(err, time.Second) },
		func(err error) error { return errors.Join(err, drawError(t, depth-1)) },
		func(err error) error { return fmt.Errorf("%w: %w", err, drawError(t, depth-1)) },
		func(err error) error { return &net.OpError{Op: "dial", Err: err} },
		func(err error) error { return &Error{Reason: ErrExhausted, Attempts: 2, Err: err} },
		func(err error) error { return &Error{Reason: ErrOpen, Err: err} },
		func(err error) error { return &responseError{err, 404} },
		func(err error) error { return safeToRetry{err, true} },
		func(err error) error { return temporaryError{err} },
		func(err error) error { return connectionError{err} },
	}).Draw(t, "around")(inner)
}

// Whatever an error is made of, classifying it panics nowhere, and finds a class that
// an error can have.
func TestEveryErrorHasAClass(t *testing.T) {
	pass := []Classifier{func(error) Verdict { return Verdict{} }}
	rapid.Check(t, func(t *rapid.T) {
		err := drawError(t, rapid.IntRange(0, 5).Draw(t, "depth"))
		for _, classifiers := range [][]Classifier{nil, pass, {All}} {
			v := verdictOf(err, Verdict{}, classifiers)
			switch v.Class {
			case Application, Infrastructure, SystemFault, Throttled, Unknown:
			default:
				t.Errorf("%v of %s", v.Class, reflect.TypeOf(err))
			}
			if v.After < 0 || v.After != hintOf(err) {
				t.Errorf("after %v, hint %v", v.After, hintOf(err))
			}
		}
		foreignCancel(err)
		declaredOf(err, Verdict{}, pass)
	})
}
