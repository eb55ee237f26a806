package resil

import (
	"testing"
	"testing/synctest"
	"time"
)

// An outage begins when calls could last pass: its failed probes do not begin it again.
func TestSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Open, b.Probes = 10*time.Second, 1 }))
		began := time.Now()
		check := func(what string, state State, want time.Duration) {
			t.Helper()
			b := c.Stats().Breaker("Store")
			got := time.Duration(-1)
			if !b.Since.IsZero() {
				got = b.Since.Sub(began)
			}
			if b.State != state || got != want {
				t.Errorf("%s: %s since %s, want %s since %s", what, b.State, got, state, want)
			}
		}
		check("at first", StateClosed, -1)
		time.Sleep(time.Second)
		trip(t, c, m)
		check("it has opened", StateOpen, time.Second)
		for range 3 {
			time.Sleep(11 * time.Second)
			check("it is time to probe", StateHalfOpen, time.Second)
			Run(t.Context(), m, fail)
			check("the probe has failed", StateOpen, time.Second)
		}
		c.Breaker("Store").ForceCloseFor(time.Second)
		check("forced", StateForcedClosed, 34*time.Second)
		time.Sleep(time.Second)
		synctest.Wait() // for the timer of this very moment
		check("forced no more", StateOpen, time.Second)
		time.Sleep(11 * time.Second)
		Run(t.Context(), m, succeed)
		check("the probe has succeeded", StateClosed, -1)
		c.Breaker("Store").ForceOpen()
		check("forced open", StateForcedOpen, 46*time.Second)
		c.Breaker("Store").Reset()
		check("reset", StateClosed, -1)
	})
}
