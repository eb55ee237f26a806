package resil

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"
)

func TestClassOf(t *testing.T) {
	_, nested := newMethod(t, withBreaker(func(*Breaker) {}))
	nested.breaker.ForceOpen()
	refused := Run(context.Background(), nested, succeed)

	for _, tt := range []struct {
		name string
		err  error
		want Class
	}{
		{"no error", nil, Success},
		{"unknown", errors.New("connection refused"), Unknown}, // by type, never by text
		{"canceled inside the callee", context.Canceled, Unknown},
		{"what network knows", fmt.Errorf("get: %w", io.ErrUnexpectedEOF), Infrastructure},

		{"mark App", App(io.ErrUnexpectedEOF), Application},
		{"mark Infra", Infra(errNotFound), Infrastructure},
		{"mark System", System(errNotFound), SystemFault},
		{"mark Throttle", Throttle(errNotFound, 0), Throttled},
		{"mark deep in the chain", fmt.Errorf("get: %w", errors.Join(errNotFound, fmt.Errorf("x: %w", Infra(errNotFound)))), Infrastructure},
		{"outermost mark wins", App(Infra(errNotFound)), Application},
		{"a mark that states no class", Unsent(Final(errOdd)), Unknown},
		{"marks that state no class around one that does", Unsent(Final(Infra(errOdd))), Infrastructure},
		{"a mark around marks that state no class", Infra(Unsent(Final(errOdd))), Infrastructure},
		{"marks that state no class leave it to network", Unsent(Final(io.ErrUnexpectedEOF)), Infrastructure},

		{"nested client's open breaker", fmt.Errorf("inner: %w", refused), Throttled},
		{"nested client's limit", &Error{Reason: ErrLimited}, Throttled},
		{"nested client's timeout", &Error{Reason: ErrTimeout, Err: errNotFound}, Infrastructure},
		{"nested client's exhaustion is what it wraps", &Error{Reason: ErrExhausted, Err: errDown}, Infrastructure},
		{"nested client's budget around the unknown", &Error{Reason: ErrBudget, Err: errOdd}, Unknown},
		{"nested client's budget around an answer", &Error{Reason: ErrBudget, Err: App(errOdd)}, Application},
		{"nested client's open breaker after a failure", &Error{Reason: ErrOpen, Attempts: 1, Err: errDown}, Throttled},
		{"nested client's open breaker with a mark around it", Infra(&Error{Reason: ErrOpen}), Infrastructure},
		{"a reason without an Error", ErrOpen, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ClassOf(tt.err); got != tt.want {
				t.Errorf("ClassOf(%v) = %v, want %v", tt.err, got, tt.want)
			}
		})
	}
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
		{"first that decides", []Classifier{pass, says(Throttled), says(SystemFault)}, errOdd, Throttled},
		{"network last", []Classifier{pass}, io.ErrUnexpectedEOF, Infrastructure},
		{"a classifier overrules network", []Classifier{says(Application)}, io.ErrUnexpectedEOF, Application},
		{"a mark overrules classifiers", []Classifier{says(Application)}, errDown, Infrastructure},
		{"an error is no success: an answer", []Classifier{says(Success)}, errOdd, Application},
		{"a class that there is not decides nothing", []Classifier{says(Canceled + 1), says(NothingSent), says(Throttled)}, errOdd, Throttled},
		{"a classifier can say that nobody knows", []Classifier{says(Unknown), says(Throttled)}, io.ErrUnexpectedEOF, Unknown},
		{"all", []Classifier{All}, errOdd, Infrastructure},
		{"all keeps what network knows", []Classifier{All}, x509.HostnameError{Certificate: &x509.Certificate{}}, SystemFault},
	} {
		if got := verdictOf(tt.err, Verdict{}, tt.classifiers).Class; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestOwnErrorIsUntouched(t *testing.T) {
	_, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(*Breaker) {}), withTimeouts(time.Minute, 0)))
	want := &os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}
	got := Run(context.Background(), m, func(context.Context) error { return want })
	if got != error(want) || !os.IsNotExist(got) {
		t.Errorf("got %v, want the callee's own error", got)
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
