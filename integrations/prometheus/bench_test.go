package resilprom

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	resil "github.com/resilgen/resilgen/runtime"
)

// BenchmarkCall is what histograms add to a call that succeeds, of a callee that does nothing.
func BenchmarkCall(b *testing.B) {
	for _, telemetry := range []string{"none", "durations", "observer", "histograms"} {
		run := func(b *testing.B, f func(m *resil.Method)) {
			var opts []resil.Option
			switch telemetry {
			case "durations":
				opts = append(opts, resil.WithDurations())
			case "observer": // what the runtime itself takes to tell of events
				opts = append(opts, resil.WithObserver(func(context.Context, resil.Event) {}))
			case "histograms":
				opts = append(opts, resil.WithObserver(NewHistograms().Observe))
			}
			_, m := newClient(b, []string{"retry", "breaker", "limit 1000000000/s"}, opts...)
			b.ReportAllocs()
			b.ResetTimer()
			f(m)
		}
		b.Run(telemetry+"/serial", func(b *testing.B) {
			run(b, func(m *resil.Method) {
				for b.Loop() {
					resil.Run(context.Background(), m, succeed)
				}
			})
		})
		b.Run(telemetry+"/parallel", func(b *testing.B) {
			run(b, func(m *resil.Method) {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						resil.Run(context.Background(), m, succeed)
					}
				})
			})
		})
	}
}

// BenchmarkObserve is the part of that which is this package's and Prometheus's: two events.
func BenchmarkObserve(b *testing.B) {
	histograms := NewHistograms()
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

func BenchmarkScrape(b *testing.B) {
	var registry resil.Registry
	var methods []resil.MethodSpec
	for _, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"} {
		methods = append(methods, resil.MethodSpec{Name: name})
	}
	for i := range 20 {
		if _, err := resil.New(resil.Spec{Name: string(rune('A' + i)), Methods: methods}, resil.WithRegistry(&registry)); err != nil {
			b.Fatal(err)
		}
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(NewCollector(&registry))
	for b.Loop() {
		if _, err := metrics.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestObservingAllocatesNothing(t *testing.T) {
	_, m := newClient(t, []string{"retry"}, resil.WithObserver(NewHistograms().Observe))
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { resil.Run(ctx, m, succeed) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
