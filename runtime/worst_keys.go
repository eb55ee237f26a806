package resil

import (
	"cmp"
	"container/heap"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// WorstKeys returns the stats of the n worst keys of a breaker that is kept by key, the
// worst first: those that are forced open, open, half-open and forced closed, in this order, then
// closed ones with failures in their window, by the share of failures and then by their
// number. Of keys that are equal in this, those that have opened more often come first, then
// those that have failed last. Keys that are closed and have no failure in their window are
// left out. The result is nil if there is no such breaker.
//
// It reads the keys at the time of this call, gives none of them a place, and keeps none of
// theirs longer. It takes time in proportion to the keys that are held, and keeps calls of a
// part of them from starting only while it lists that part.
func (s Stats) WorstKeys(breaker string, n int) []BreakerStats {
	if s.client == nil || s.client.breakers[breaker] == nil {
		return nil
	}
	g := s.client.breakers[breaker]
	table := g.byKey()
	if table == nil {
		return nil
	}
	worst := worstKeys{most: max(n, 0)}
	for part := range table.parts(g) {
		now := g.client.now()
		for _, c := range part {
			worst.add(c.(*CircuitBreaker), now)
		}
	}
	return worst.list()
}

// worstKeys are the worst of those that were added, as a heap with the best of them first.
type worstKeys struct {
	most int
	keys []keyStats
}

// A keyStats is a key's breaker and its stats without the key.
type keyStats struct {
	of    *CircuitBreaker
	stats BreakerStats
}

func (w *worstKeys) add(c *CircuitBreaker, now time.Duration) {
	if c.entry.gone.Load() || c.phase.Load().state == StateClosed && (w.needsNoClosed() || c.isUnfailing(now)) {
		return
	}
	k := keyStats{c, c.statsAt(now)}
	switch {
	case k.stats.State == StateClosed && k.stats.Failures == 0:
	case len(w.keys) < w.most:
		heap.Push(w, k)
	case w.most > 0 && badness(&k.stats, &w.keys[0].stats) > 0:
		w.keys[0] = k
		heap.Fix(w, 0)
	}
}

// needsNoClosed reports whether so many keys are found that a closed one is not among the
// worst.
func (w *worstKeys) needsNoClosed() bool {
	return len(w.keys) == w.most && (w.most == 0 || w.keys[0].stats.State != StateClosed)
}

// isUnfailing reports whether a closed circuit has seen no failure for longer than its window.
// It asks at little cost, because nearly all keys are like that.
func (c *CircuitBreaker) isUnfailing(now time.Duration) bool {
	return now-time.Duration(c.phase.Load().finishedAt.Load()) > c.lapse()
}

// list returns the stats, the worst first.
func (w *worstKeys) list() []BreakerStats {
	list := make([]BreakerStats, len(w.keys))
	for i, k := range w.keys {
		list[i] = k.stats
		list[i].Key = k.of.key()
	}
	slices.SortFunc(list, func(a, b BreakerStats) int {
		if c := badness(&b, &a); c != 0 {
			return c
		}
		return compareKeys(reflect.ValueOf(a.Key), reflect.ValueOf(b.Key))
	})
	return list
}

// compareKeys orders keys by what they hold. It calls none of their methods, which may be
// slow, or worse. Pointers, channels and complex numbers in a key have no order.
func compareKeys(a, b reflect.Value) int {
	if a.Kind() != b.Kind() { // they are of an interface type
		return cmp.Compare(a.Kind(), b.Kind())
	}
	if a.IsValid() && a.Type() != b.Type() {
		return cmp.Compare(a.Type().String(), b.Type().String())
	}
	switch a.Kind() {
	case reflect.String:
		return cmp.Compare(a.String(), b.String())
	case reflect.Bool:
		return cmp.Compare(fmt.Sprint(a.Bool()), fmt.Sprint(b.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return cmp.Compare(a.Int(), b.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return cmp.Compare(a.Uint(), b.Uint())
	case reflect.Float32, reflect.Float64:
		return cmp.Compare(a.Float(), b.Float())
	case reflect.Struct:
		for i := range a.NumField() {
			if c := compareKeys(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
	case reflect.Array:
		for i := range a.Len() {
			if c := compareKeys(a.Index(i), b.Index(i)); c != 0 {
				return c
			}
		}
	}
	return 0
}

// badness compares two keys: the result is above 0 if a is worse than b.
func badness(a, b *BreakerStats) int {
	return cmp.Or(
		cmp.Compare(badnessOf[a.State], badnessOf[b.State]),
		cmp.Compare(a.Failures*(b.Successes+b.Failures), b.Failures*(a.Successes+a.Failures)),
		cmp.Compare(a.Failures, b.Failures),
		cmp.Compare(a.Opened, b.Opened),
		a.LastFailure.Compare(b.LastFailure),
	)
}

var badnessOf = [...]int{StateForcedOpen: 4, StateOpen: 3, StateHalfOpen: 2, StateForcedClosed: 1, StateClosed: 0}

func (w *worstKeys) Len() int           { return len(w.keys) }
func (w *worstKeys) Less(i, j int) bool { return badness(&w.keys[i].stats, &w.keys[j].stats) < 0 }
func (w *worstKeys) Swap(i, j int)      { w.keys[i], w.keys[j] = w.keys[j], w.keys[i] }
func (w *worstKeys) Push(k any)         { w.keys = append(w.keys, k.(keyStats)) }
func (w *worstKeys) Pop() any {
	last := len(w.keys) - 1
	k := w.keys[last]
	w.keys = w.keys[:last]
	return k
}
