package resil

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestStatsTellWhatALimitHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 5, Per: 5 * time.Second}, Wait: time.Minute}))
		limit := func() LimitStats { return c.Stats().Limit("Store") }
		want := LimitStats{Name: "Store", Rate: Rate{Count: 5, Per: 5 * time.Second}, Burst: 5, Tokens: 5}
		if got := limit(); got != want {
			t.Errorf("new: %+v, want %+v", got, want)
		}
		for range 3 {
			Run(t.Context(), m, succeed)
		}
		if want.Tokens = 2; limit() != want {
			t.Errorf("after 3: %+v, want %+v", limit(), want)
		}
		for range 6 {
			go Run(context.Background(), m, succeed)
		}
		synctest.Wait()
		if want.Tokens, want.Waiting = 0, 4; limit() != want {
			t.Errorf("with a line: %+v, want %+v", limit(), want)
		}
		time.Sleep(time.Minute)
		Run(t.Context(), m, func(context.Context) error { return Throttle(errNotFound, 20*time.Second) })
		time.Sleep(3 * time.Second)
		if want.Tokens, want.Waiting, want.Held = 5, 0, 17*time.Second; limit() != want {
			t.Errorf("held back: %+v, want %+v", limit(), want)
		}
	})
}

func TestStatsTellWhatABulkheadHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBulkhead(Bulkhead{Calls: 3, Wait: time.Hour, Scope: Scope{Mode: ModeEnforce}}))
		stop := make(chan bool)
		want := BulkheadStats{Name: "Store", Calls: 3}
		for n := range 6 {
			if got := c.Stats().Bulkhead("Store"); got != want {
				t.Errorf("%d calls: %+v, want %+v", n, got, want)
			}
			go Run(context.Background(), m, func(context.Context) error { <-stop; return nil })
			synctest.Wait()
			if want.InUse < 3 {
				want.InUse++
			} else {
				want.Waiting++
			}
		}
		close(stop)
		synctest.Wait()
		if got := c.Stats().Bulkhead("Store"); got.InUse != 0 || got.Waiting != 0 {
			t.Errorf("afterwards %+v", got)
		}
	})
}

func TestStatsTellWhatTheBudgetHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = 2 }))
		budget := func() BudgetStats { return c.Stats().Budget }
		want := BudgetStats{Share: 20 * Percent, Reserve: 10, Left: 10}
		if got := budget(); got != want {
			t.Errorf("new: %+v, want %+v", got, want)
		}
		for range 50 {
			Run(t.Context(), m, succeed)
		}
		if want.Answered, want.Left = 50, 20; budget() != want {
			t.Errorf("after 50 answers: %+v, want %+v", budget(), want)
		}
		for range 12 {
			Run(t.Context(), m, fail)
		}
		if want.Spent, want.Reserve, want.Left = 10, 8, 8; budget() != want {
			t.Errorf("after 12 retries: %+v, want %+v", budget(), want)
		}
		left := budget().Left
		if spent := spendAll(c); uint64(spent) != left {
			t.Errorf("%d could be spent, stats said %d", spent, left)
		}
	})
	if c, _ := newMethod(t, withBreaker(func(*Breaker) {})); c.Stats().Budget != (BudgetStats{}) {
		t.Errorf("without retries: %+v", c.Stats().Budget)
	}
}

func TestStatsOfGuardsByKey(t *testing.T) {
	c, m := newMethod(t, withAll(
		withLimit(Limit{Rate: Rate{Count: 5, Per: time.Hour}, Scope: Scope{Per: "peer"}}),
		withBulkhead(Bulkhead{Calls: 2, Scope: Scope{Per: "peer"}})))
	if m == nil {
		t.Fatal("no method")
	}
	get := keyedMethod[string](c, "Get")
	Run(t.Context(), get.For("a"), func(context.Context) error {
		if b := c.Stats().Bulkhead("Store", "a"); b.InUse != 1 || b.Key != "a" || b.Keyed {
			t.Errorf("a's bulkhead %+v", b)
		}
		return nil
	})
	s := c.Stats()
	if l := s.Limit("Store", "a"); l.Tokens != 4 || l.Key != "a" || l.Keyed {
		t.Errorf("a's limit %+v", l)
	}
	if l := s.Limit("Store", "unknown"); l.Tokens != 5 || l.Burst != 5 {
		t.Errorf("limit of a key that is not held: %+v", l)
	}
	if l, b := s.Limit("Store"), s.Bulkhead("Store"); !l.Keyed || !b.Keyed || l.Keys != 1 || b.Keys != 1 || l.Tokens != 0 || b.Calls != 2 {
		t.Errorf("of all keys: %+v and %+v", l, b)
	}
}
