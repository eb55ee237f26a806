package resilotel

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdk "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	resil "github.com/resilgen/resilgen/runtime"
)

// records is an exporter that keeps what it gets.
type records struct {
	mu   sync.Mutex
	list []sdk.Record
}

func (r *records) Export(_ context.Context, list []sdk.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range list {
		r.list = append(r.list, one.Clone())
	}
	return nil
}

func (r *records) Shutdown(context.Context) error   { return nil }
func (r *records) ForceFlush(context.Context) error { return nil }

// named returns the record of an event, and fails without one.
func (r *records) named(t *testing.T, event string) *sdk.Record {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.list, func(one sdk.Record) bool { return one.EventName() == event })
	if i < 0 {
		t.Fatalf("there is no event %s", event)
	}
	return &r.list[i]
}

func newRecords() (*records, Option) {
	r := new(records)
	return r, WithLoggerProvider(sdk.NewLoggerProvider(sdk.WithProcessor(sdk.NewSimpleProcessor(r))))
}

// attributesOf writes a record's attributes in the order of their names.
func attributesOf(r *sdk.Record) string {
	var all []attribute.KeyValue
	r.WalkAttributes(func(a attribute.KeyValue) bool { all = append(all, a); return true })
	set := attribute.NewSet(all...)
	return set.Encoded(attribute.DefaultEncoder())
}

func TestEventsAreLogRecordsOfTheirTrace(t *testing.T) {
	records, to := newRecords()
	synctest.Test(t, func(t *testing.T) {
		c, m := newClient(t, []string{"retry 3 initial=100ms jitter=none", "breaker consecutive=2 ratio=off open=10s", "hedge 1s"},
			resil.WithObserver(LogObserver(to, WithDebug())))
		ctx, span := sdktrace.NewTracerProvider().Tracer("test").Start(t.Context(), "handler")
		defer span.End()
		f := answers(0, errDown, errDown)
		resil.Run(ctx, m, f)
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for event, want := range map[string]struct {
			severity   log.Severity
			body       string
			attributes string
		}{
			"resil.retry.scheduled": {log.SeverityDebug, "retry scheduled",
				"exception.message=connection refused,exception.type=*resil.mark,resil.attempt=2,resil.class=infrastructure,resil.client=Users,resil.delay=0.1,resil.method=Get"},
			"resil.breaker.state_changed": {log.SeverityWarn, "circuit breaker opened",
				"exception.message=connection refused,exception.type=*resil.mark,resil.breaker=Users,resil.client=Users,resil.failures=2,resil.from=closed,resil.open=10,resil.rule=consecutive,resil.streak=2,resil.successes=0,resil.to=open"},
			"resil.attempt.refused": {log.SeverityDebug, "attempt refused",
				"resil.attempt=3,resil.client=Users,resil.guard=breaker,resil.method=Get,resil.mode=enforce,resil.name=Users"},
		} {
			r := records.named(t, event)
			if got := attributesOf(r); !covers(got, want.attributes) {
				t.Errorf("%s has\n%s, want\n%s", event, got, want.attributes)
			}
			if r.Severity() != want.severity || r.Body().AsString() != want.body || r.Timestamp().IsZero() {
				t.Errorf("%s: %v %v at %v", event, r.Severity(), r.Body(), r.Timestamp())
			}
			if r.TraceID() != span.SpanContext().TraceID() || r.SpanID() != span.SpanContext().SpanID() {
				t.Errorf("%s belongs to trace %s, span %s, want %s, %s", event, r.TraceID(), r.SpanID(), span.SpanContext().TraceID(), span.SpanContext().SpanID())
			}
			if scope := r.InstrumentationScope().Name; scope != "github.com/resilgen/resilgen" {
				t.Errorf("%s has the scope %s", event, scope)
			}
		}
	})
}

// covers reports whether each pair of want is in got. How long a breaker is open is
// up to chance.
func covers(got, want string) bool {
	have := strings.Split(got, ",")
	for pair := range strings.SplitSeq(want, ",") {
		if !slices.Contains(have, pair) && !strings.HasPrefix(pair, "resil.open=") {
			return false
		}
	}
	return true
}

func TestHedgesAreLogged(t *testing.T) {
	records, to := newRecords()
	synctest.Test(t, func(t *testing.T) {
		_, m := newClient(t, []string{"hedge 50ms"}, resil.WithObserver(LogObserver(to, WithDebug())))
		resil.Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
			if resil.Attempt(ctx) > 1 {
				return 2, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		}, nil)
	})
	if got := attributesOf(records.named(t, "resil.hedge.started")); got != "resil.attempt=2,resil.client=Users,resil.delay=0.05,resil.method=Get" {
		t.Errorf("got %s", got)
	}
}

// Without WithDebug, what is emitted does not grow with the number of calls.
func TestSingleFailuresAreNotLoggedUnlessWanted(t *testing.T) {
	records, to := newRecords()
	c, m := newClient(t, []string{"retry 2 initial=1ms", "breaker consecutive=2 ratio=off"}, resil.WithObserver(LogObserver(to)))
	for range 100 {
		resil.Run(t.Context(), m, fail)
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(records.list) != 1 || records.list[0].EventName() != "resil.breaker.state_changed" {
		t.Errorf("%d records, want the one that says that the breaker has opened", len(records.list))
	}
}

func TestValuesOfAttributes(t *testing.T) {
	records, to := newRecords()
	c, _ := newClient(t, []string{"retry 2", "limit 100/s"}, resil.WithObserver(LogObserver(to)))
	if err := c.Apply(resil.Overrides{"Users": {"retry": "attempts=4", "limit": "burst=7"}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	records.named(t, "resil.overrides.applied").WalkAttributes(func(a attribute.KeyValue) bool {
		if a.Key == "resil.changes" && (a.Value.Type() != attribute.STRINGSLICE || len(a.Value.AsStringSlice()) != 2) {
			t.Errorf("changes are %v", a.Value.String())
		}
		return true
	})
}
