package resilotel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	resil "github.com/resilgen/resilgen/runtime"
)

func newSpans() (*tracetest.SpanRecorder, *sdktrace.TracerProvider) {
	r := tracetest.NewSpanRecorder()
	return r, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r))
}

// described writes spans that have ended: name, kind, status, attributes.
func described(spans []sdktrace.ReadOnlySpan) (list []string) {
	for _, s := range spans {
		set := attribute.NewSet(s.Attributes()...)
		list = append(list, fmt.Sprintf("%s %s %s %s", s.Name(), s.SpanKind(), s.Status().Code, set.Encoded(attribute.DefaultEncoder())))
	}
	return list
}

// under runs f under a span of the caller, which ends last.
func under(t *testing.T, p trace.TracerProvider, f func(ctx context.Context)) {
	ctx, span := p.Tracer("test").Start(t.Context(), "handler")
	defer span.End()
	f(ctx)
}

func TestAttemptsHaveSpans(t *testing.T) {
	r, p := newSpans()
	synctest.Test(t, func(t *testing.T) {
		_, m := newClient(t, []string{"retry 3 initial=100ms jitter=none"}, WithAttemptSpans(WithTracerProvider(p)), resil.WithObserver(SpanObserver))
		under(t, p, func(ctx context.Context) {
			resil.Run(ctx, m, func(ctx context.Context) error {
				_, inner := p.Tracer("test").Start(ctx, "callee")
				inner.End()
				return []error{errDown, resil.Throttle(errors.New("429"), 0), nil}[resil.Attempt(ctx)-1]
			})
		})
	})
	spans := r.Ended()
	want := []string{
		"callee internal Unset ",
		"attempt Users.Get internal Error error.type=infrastructure,resil.attempt=1,resil.class=infrastructure,resil.client=Users,resil.method=Get",
		"callee internal Unset ",
		"attempt Users.Get internal Error error.type=throttled,resil.attempt=2,resil.class=throttled,resil.client=Users,resil.method=Get",
		"callee internal Unset ",
		"attempt Users.Get internal Unset resil.attempt=3,resil.class=success,resil.client=Users,resil.method=Get",
		"handler internal Unset resil.attempts=3,resil.outcome=succeeded",
	}
	if got := described(spans); !slices.Equal(got, want) {
		t.Fatalf("got\n%q\nwant\n%q", got, want)
	}
	for i := range 3 {
		callee, attempt, handler := spans[2*i], spans[2*i+1], spans[6]
		if callee.Parent().SpanID() != attempt.SpanContext().SpanID() || attempt.Parent().SpanID() != handler.SpanContext().SpanID() {
			t.Errorf("attempt %d is not between the callee and the handler", i+1)
		}
		if len(attempt.Events()) > 0 {
			t.Errorf("attempt %d has span events", i+1)
		}
	}
	if len(spans[6].Events()) > 0 {
		t.Error("errors that were retried are on the caller's span")
	}
}

func TestStatusOfAResponseIsTheErrorType(t *testing.T) {
	r, p := newSpans()
	_, m := newClient(t, nil, WithAttemptSpans(WithTracerProvider(p)))
	resil.RunClassified(t.Context(), m, succeed, func(error) resil.Verdict { return resil.HTTPResponse(503, nil) })
	if got := described(r.Ended()); len(got) != 1 || !strings.HasPrefix(got[0], "attempt Users.Get internal Error error.type=503,") {
		t.Errorf("got %q", got)
	}
}

// What is an error of the attempt, and what is not.
func TestStatusOfAttempts(t *testing.T) {
	for _, test := range []struct {
		name string
		f    func(cancel func()) error
		want string
		code codes.Code
	}{
		{"success", func(func()) error { return nil }, "resil.class=success", codes.Unset},
		{"answer", func(func()) error { return resil.App(errors.New("not found")) }, "resil.class=application", codes.Unset},
		{"failure", func(func()) error { return errDown }, "error.type=infrastructure,resil.class=infrastructure", codes.Error},
		{"system", func(func()) error { return resil.System(errors.New("certificate")) }, "error.type=system,resil.class=system", codes.Error},
		{"unknown", func(func()) error { return errors.New("?") }, "error.type=unknown,resil.class=unknown", codes.Error},
		{"canceled", func(cancel func()) error { cancel(); return context.Canceled }, "resil.class=canceled", codes.Unset},
		{"panic", func(func()) error { panic("bug") }, "error.type=panicked", codes.Error},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, p := newSpans()
			_, m := newClient(t, nil, WithAttemptSpans(WithTracerProvider(p)))
			ctx, cancel := context.WithCancel(t.Context())
			func() {
				defer func() { recover() }()
				resil.Run(ctx, m, func(context.Context) error { return test.f(cancel) })
			}()
			span := r.Ended()[0]
			set := attribute.NewSet(span.Attributes()...)
			set, _ = set.Filter(attribute.NewAllowKeysFilter("error.type", "resil.class"))
			if got := set.Encoded(attribute.DefaultEncoder()); got != test.want || span.Status().Code != test.code {
				t.Errorf("got %s, %s, want %s, %s", got, span.Status().Code, test.want, test.code)
			}
		})
	}
}

func TestHedgesHaveSpans(t *testing.T) {
	r, p := newSpans()
	synctest.Test(t, func(t *testing.T) {
		_, m := newClient(t, []string{"hedge 50ms"}, WithAttemptSpans(WithTracerProvider(p)), resil.WithObserver(SpanObserver))
		under(t, p, func(ctx context.Context) {
			resil.Hedged(ctx, m, func(ctx context.Context) (int, error) {
				if resil.Attempt(ctx) > 1 {
					time.Sleep(10 * time.Millisecond)
					return 2, nil
				}
				<-ctx.Done()
				return 0, ctx.Err()
			}, nil)
		})
	})
	want := []string{
		"attempt Users.Get internal Unset resil.attempt=2,resil.class=success,resil.client=Users,resil.hedge=true,resil.method=Get",
		"attempt Users.Get internal Unset resil.attempt=1,resil.class=canceled,resil.client=Users,resil.method=Get",
		"handler internal Unset resil.attempts=2,resil.outcome=succeeded",
	}
	if got := described(r.Ended()); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// A refused call has no span of an attempt, and the caller's span says why.
func TestRefusalsOnTheCallersSpan(t *testing.T) {
	r, p := newSpans()
	c, m := newClient(t, []string{"breaker"}, WithAttemptSpans(WithTracerProvider(p)), resil.WithObserver(SpanObserver))
	c.Breaker("Users").ForceOpen()
	under(t, p, func(ctx context.Context) { resil.Run(ctx, m, succeed) })
	want := []string{"handler internal Unset resil.attempts=0,resil.outcome=open"}
	if got := described(r.Ended()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
