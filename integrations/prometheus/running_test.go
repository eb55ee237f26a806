package resilprom

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	resil "github.com/resilgen/resilgen/runtime"
)

// A counter that falls looks like a process that has started again.
func TestCountersNeverFallWhileCallsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		opts := []resil.Option{resil.WithRegistry(&registry), resil.WithDurations()}
		_, hedged := newClient(t, []string{"hedge delay=10ms", "timeout 60ms"}, opts...)
		_, retried := newClient(t, []string{"retry 3", "breaker consecutive=2 open=100ms", "limit 50/s", "bulkhead 3", "timeout 1s"},
			append(opts, resil.WithName("Retried"))...)

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		random := func(ctx context.Context) error {
			time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
			if rand.IntN(3) == 0 {
				return errDown
			}
			return ctx.Err()
		}
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				for ctx.Err() == nil {
					resil.Hedged(ctx, hedged, func(ctx context.Context) (int, error) { return 0, random(ctx) }, nil)
				}
			})
			callers.Go(func() {
				for ctx.Err() == nil {
					resil.Run(ctx, retried, random)
					time.Sleep(time.Millisecond)
				}
			})
		}
		metrics := prometheus.NewPedanticRegistry()
		metrics.MustRegister(NewCollector(&registry))
		seen := map[string]float64{}
		for ctx.Err() == nil {
			families, err := metrics.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				for _, m := range f.Metric {
					if m.Counter == nil {
						continue
					}
					series := f.GetName()
					for _, l := range m.Label {
						series += "," + l.GetName() + "=" + l.GetValue()
					}
					if now := m.Counter.GetValue(); now < seen[series] {
						t.Errorf("%s fell from %v to %v", series, seen[series], now)
					} else {
						seen[series] = now
					}
				}
			}
			time.Sleep(7 * time.Millisecond)
		}
		callers.Wait()
		for _, series := range []string{
			"resil_client_hedge_wins_total,client=Users,method=Get",
			"resil_client_calls_total,client=Retried,method=Get,outcome=open",
			"resil_breaker_transitions_total,breaker=Users,client=Retried,to=open",
		} {
			if seen[series] == 0 {
				t.Errorf("%s is 0: the calls did not do what they were to do", series)
			}
		}
	})
}
