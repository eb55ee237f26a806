package resilprom

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	resil "github.com/resilgen/resilgen/runtime"
)

// BenchmarkCall is what durations, and an observer that does nothing, add to a call that
// succeeds, of a callee that does nothing.
func BenchmarkCall(b *testing.B) {
	for _, telemetry := range []string{"none", "durations", "observer"} {
		run := func(b *testing.B, f func(m *resil.Method)) {
			var opts []resil.Option
			switch telemetry {
			case "durations":
				opts = append(opts, resil.WithDurations())
			case "observer":
				opts = append(opts, resil.WithObserver(func(context.Context, resil.Event) {}))
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

func BenchmarkScrape(b *testing.B) {
	var registry resil.Registry
	var methods []resil.MethodSpec
	for _, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"} {
		methods = append(methods, resil.MethodSpec{Name: name})
	}
	for i := range 20 {
		c, err := resil.New(resil.Spec{Name: string(rune('A' + i)), Methods: methods}, resil.WithRegistry(&registry), resil.WithDurations())
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range methods {
			resil.Run(b.Context(), c.Method(m.Name), succeed)
			resil.Run(b.Context(), c.Method(m.Name), fail)
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
