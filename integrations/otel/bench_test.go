package resilotel

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	resil "github.com/resilgen/resilgen/runtime"
)

// BenchmarkCall is what telemetry adds to a call that succeeds, of a callee that does
// nothing.
func BenchmarkCall(b *testing.B) {
	for _, telemetry := range []string{"none", "counters", "histograms"} {
		run := func(b *testing.B, f func(b *testing.B, m *resil.Method)) {
			_, to := newReader(b)
			registry := new(resil.Registry)
			opts := []resil.Option{resil.WithRegistry(registry)}
			if telemetry != "none" {
				if _, err := Register(registry, to); err != nil {
					b.Fatal(err)
				}
			}
			if telemetry == "histograms" {
				histograms, err := NewHistograms(to)
				if err != nil {
					b.Fatal(err)
				}
				opts = append(opts, resil.WithObserver(histograms.Observe))
			}
			_, m := newClient(b, []string{"retry", "breaker", "limit 1000000000/s"}, opts...)
			b.ReportAllocs()
			b.ResetTimer()
			f(b, m)
		}
		b.Run(telemetry+"/serial", func(b *testing.B) {
			run(b, func(b *testing.B, m *resil.Method) {
				for b.Loop() {
					resil.Run(context.Background(), m, succeed)
				}
			})
		})
		b.Run(telemetry+"/parallel", func(b *testing.B) {
			run(b, func(b *testing.B, m *resil.Method) {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						resil.Run(context.Background(), m, succeed)
					}
				})
			})
		})
	}
}

// BenchmarkObserve is the part of that which is this package's and the SDK's: two events.
func BenchmarkObserve(b *testing.B) {
	_, to := newReader(b)
	histograms, err := NewHistograms(to)
	if err != nil {
		b.Fatal(err)
	}
	events := [2]resil.Event{
		{Kind: resil.EventAttemptEnded, Client: "Users", Method: "Get", Class: resil.Success, Elapsed: 1234567},
		{Kind: resil.EventCallEnded, Client: "Users", Method: "Get", Elapsed: 1234567},
	}
	observe := func() {
		for _, e := range events {
			histograms.Observe(context.Background(), e)
		}
	}
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			observe()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				observe()
			}
		})
	})
}

func TestObservingAllocatesNothing(t *testing.T) {
	_, to := newReader(t)
	histograms, err := NewHistograms(to)
	if err != nil {
		t.Fatal(err)
	}
	_, m := newClient(t, []string{"retry"}, resil.WithObserver(histograms.Observe), resil.WithObserver(SpanObserver))
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { resil.Run(ctx, m, succeed) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkAttemptSpan is what a span for the attempt adds to a call under a span.
func BenchmarkAttemptSpan(b *testing.B) {
	provider := sdktrace.NewTracerProvider()
	for name, opts := range map[string][]resil.Option{"none": nil, "caller": {resil.WithObserver(SpanObserver)}, "attempt": {WithAttemptSpans(WithTracerProvider(provider))}} {
		b.Run(name, func(b *testing.B) {
			_, m := newClient(b, []string{"retry", "breaker"}, opts...)
			ctx, span := provider.Tracer("test").Start(context.Background(), "handler")
			defer span.End()
			b.ReportAllocs()
			for b.Loop() {
				resil.Run(ctx, m, succeed)
			}
		})
	}
}
