package resilprom

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// demo serves the metrics of clients that do, until the test ends, all that a dashboard
// shows: calls succeed, fail, are retried, hedged, refused and pass guards that observe, and
// breakers open, for keys too. It returns the page's address.
func demo(t *testing.T) string {
	t.Helper()
	var registry resil.Registry
	opts := func(name string) []resil.Option {
		return []resil.Option{resil.WithRegistry(&registry), resil.WithDurations(), resil.WithName(name)}
	}
	_, users := newClient(t, []string{"retry 3 initial=1ms jitter=none", "breaker consecutive=8 ratio=off open=50ms", "limit 1000/s", "bulkhead 10"}, opts("Users")...)
	_, shadow := newClient(t, []string{"limit 1/s mode=observe", "bulkhead 10 mode=observe", "retry mode=observe"}, opts("Shadow")...)
	_, hedged := newClient(t, []string{"hedge 2ms"}, opts("Hedged")...)
	peers := newKeyed(t, []string{"breaker consecutive=1 per=peer keys=2 open=1h"}, opts("Peers")...)

	_, shared := newClient(t, []string{"limit 1000/s scope=fleet"}, append(opts("Shared"), resil.WithFleet(fleet{}))...)

	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	repeat := func(f func(i int)) {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				f(i)
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	t.Cleanup(func() { stop(); all.Wait() })
	repeat(func(i int) {
		resil.Run(ctx, users, func(ctx context.Context) error {
			switch {
			case i/100%4 == 3: // an outage
				return errDown
			case i%10 == 1 && resil.Attempt(ctx) == 1:
				return errDown
			case i%10 == 2:
				return resil.App(errors.New("not found"))
			}
			return nil
		})
	})
	repeat(func(int) { resil.Run(ctx, shadow, fail) })
	repeat(func(int) {
		resil.Hedged(ctx, hedged, func(ctx context.Context) (int, error) {
			if resil.Attempt(ctx) == 1 {
				time.Sleep(4 * time.Millisecond)
			}
			return 0, nil
		}, nil)
	})
	repeat(func(int) { resil.Run(ctx, shared, succeed) })
	repeat(func(i int) {
		peer := [...]string{"a", "b", "c"}[i%3]
		resil.Run(ctx, peers.For(peer), fail)
	})
	return page(t, NewCollector(&registry))
}

// A fleet is one of two processes whose store grants all that is asked for.
type fleet struct{}

func (fleet) Join(m *resil.Member) error               { return m.Update(resil.FleetState{Processes: 2}) }
func (fleet) Ask(a *resil.Ask)                         { go a.Answer(resil.Grant{Tokens: a.Tokens, Busy: 1}, nil) }
func (fleet) Report(*resil.Member, resil.Suspicion)    {}
func (fleet) Order(context.Context, resil.Order) error { return nil }
