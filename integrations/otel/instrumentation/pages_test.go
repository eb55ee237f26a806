package instrumentation_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	resilhttp "github.com/resilgen/resilgen/integrations/http"
	resilotel "github.com/resilgen/resilgen/integrations/otel"
	resil "github.com/resilgen/resilgen/runtime"
)

// tree writes a trace, a line for each span: when it began and how long it took, where the
// clock is exact, and those of its attributes that are wanted.
func tree(spans []sdktrace.ReadOnlySpan, exact bool, wanted ...attribute.Key) string {
	spans = slices.Clone(spans)
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	var root sdktrace.ReadOnlySpan
	for _, s := range spans {
		if !s.Parent().IsValid() {
			root = s
		}
	}
	var b strings.Builder
	var write func(s sdktrace.ReadOnlySpan, depth int)
	write = func(s sdktrace.ReadOnlySpan, depth int) {
		line := fmt.Sprintf("%-24s", strings.Repeat("  ", depth)+s.Name())
		if exact {
			line += fmt.Sprintf("%8v +%-8v", s.StartTime().Sub(root.StartTime()), s.EndTime().Sub(s.StartTime()))
		}
		if s.Status().Code == codes.Error {
			line += " ERROR"
		}
		attributes := slices.Clone(s.Attributes())
		slices.SortFunc(attributes, func(a, b attribute.KeyValue) int { return cmp.Compare(a.Key, b.Key) })
		for _, a := range attributes {
			if slices.Contains(wanted, a.Key) {
				line += fmt.Sprintf(" %s=%s", a.Key, a.Value.String())
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		for _, child := range spans {
			if child.Parent().SpanID() == s.SpanContext().SpanID() {
				write(child, depth+1)
			}
		}
	}
	write(root, 0)
	return b.String()
}

// shows compares what a page shows below a comment with what it should, or writes that.
func shows(t *testing.T, page, mark, want string) {
	t.Helper()
	text := read(t, page)
	at := regexp.MustCompile("(?s)<!-- " + regexp.QuoteMeta(mark) + " -->\n```text\n(.*?)```").FindStringSubmatchIndex(text)
	switch {
	case at == nil:
		t.Errorf("%s has nothing marked %s", page, mark)
	case text[at[2]:at[3]] == want:
	case *update:
		if err := os.WriteFile(page, []byte(text[:at[2]]+want+text[at[3]:]), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s shows\n%s, want (go test -update writes it)\n%s", page, text[at[2]:at[3]], want)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const tracing = "../../../docs/tracing.md"

// records is an exporter that keeps what it gets.
type records struct {
	mu   sync.Mutex
	list []sdklog.Record
}

func (r *records) Export(_ context.Context, list []sdklog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range list {
		r.list = append(r.list, one.Clone())
	}
	return nil
}

func (r *records) Shutdown(context.Context) error   { return nil }
func (r *records) ForceFlush(context.Context) error { return nil }

func TestPageShowsTheTraceOfARetriedCall(t *testing.T) {
	r, p := newSpans()
	records := new(records)
	to := resilotel.WithLoggerProvider(sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(records))))
	synctest.Test(t, func(t *testing.T) {
		c, m := newClient(t, "Users", []string{"retry 3 initial=100ms jitter=none", "breaker consecutive=2 ratio=off open=1ms probes=1"},
			resilotel.WithAttemptSpans(resilotel.WithTracerProvider(p)), resil.WithObserver(resilotel.SpanObserver), resil.WithObserver(resilotel.LogObserver(to, resilotel.WithDebug())))
		ctx, span := p.Tracer("test").Start(t.Context(), "GET /orders", trace.WithSpanKind(trace.SpanKindServer))
		resil.Run(ctx, m, func(ctx context.Context) error {
			_, inner := p.Tracer("test").Start(ctx, "SELECT users", trace.WithSpanKind(trace.SpanKindClient))
			defer inner.End()
			time.Sleep(20 * time.Millisecond)
			return []error{errDown, errDown, nil}[resil.Attempt(ctx)-1]
		})
		span.End()
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	shows(t, tracing, "generated:trace attempts", tree(r.Ended(), true, "resil.attempt", "resil.class", "error.type", "resil.attempts", "resil.outcome"))

	handler := r.Ended()[len(r.Ended())-1].SpanContext()
	var lines strings.Builder
	slices.SortFunc(records.list, func(a, b sdklog.Record) int { // changes of state come on a goroutine of their own
		return cmp.Or(a.Timestamp().Compare(b.Timestamp()), cmp.Compare(a.EventName(), b.EventName()))
	})
	for _, one := range records.list {
		if one.TraceID() != handler.TraceID() || one.SpanID() != handler.SpanID() {
			t.Errorf("%s is not of the handler's span", one.EventName())
		}
		fmt.Fprintf(&lines, "%-5s %-28s %s\n", one.SeverityText(), one.EventName(), one.Body().AsString())
	}
	shows(t, tracing, "generated:events", lines.String())
}

func TestPageShowsTheTraceOfARequest(t *testing.T) {
	r, p := newSpans()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	beneath := new(http.Transport)
	defer beneath.CloseIdleConnections()
	transport, err := resilhttp.NewTransport(otelhttp.NewTransport(beneath, otelhttp.WithTracerProvider(resilotel.CountResends(p))),
		resil.WithObserver(resilotel.SpanObserver), resil.WithOverrides(resil.Overrides{"RoundTripper": {"retry": "initial=1ms"}}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := p.Tracer("test").Start(t.Context(), "GET /orders", trace.WithSpanKind(trace.SpanKindServer))
	request, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	span.End()
	shows(t, tracing, "generated:trace http", tree(r.Ended(), false, "http.response.status_code", "http.request.resend_count", "error.type", "resil.attempts", "resil.outcome"))
}

// What the pages show of Go is part of the examples.
func TestPagesShowTheExamples(t *testing.T) {
	plain := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	examples := plain(read(t, "../example_test.go") + read(t, "example_test.go"))
	for _, page := range []string{"../README.md", tracing} {
		blocks := strings.Split(read(t, page), "```go\n")[1:]
		if len(blocks) < 2 {
			t.Errorf("%s has %d blocks of Go", page, len(blocks))
		}
		for _, block := range blocks {
			code, _, _ := strings.Cut(block, "```")
			if !strings.Contains(examples, plain(code)) {
				t.Errorf("no example has this code of %s:\n%s", page, code)
			}
		}
	}
}
