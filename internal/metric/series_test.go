package metric

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSeriesAreMadeOnce(t *testing.T) {
	for _, test := range []struct {
		view View
		want int32
	}{{View{}, 2 * 3 * 4}, {View{WithoutMethod: true}, 2 * 4}} {
		var made atomic.Int32
		s := NewSeries(test.view, func(client, method string, word uint8) [3]any {
			made.Add(1)
			return [3]any{client, method, word}
		})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for i := range 24 * 10 {
					client, method, word := "ab"[i%2:][:1], "xyz"[i/2%3:][:1], uint8(i/6%4)
					if got := s.Of(client, method, word); got[0] != client || got[2] != word || !test.view.WithoutMethod && got[1] != method {
						t.Errorf("got %v for %s %s %d", got, client, method, word)
					}
				}
			})
		}
		all.Wait()
		if n := made.Load(); n != test.want {
			t.Errorf("%+v: made %d, want %d", test.view, n, test.want)
		}
	}
}

func TestFindingASeriesAllocatesNothing(t *testing.T) {
	s := NewSeries(View{}, func(string, string, uint8) int { return 1 })
	if n := testing.AllocsPerRun(100, func() { s.Of("Users", "Get", 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Names whose guesses are the same are told apart.
func TestSeriesWithTheSameGuess(t *testing.T) {
	s := NewSeries(View{}, func(client, method string, word uint8) string { return method })
	for range 2 {
		for _, method := range []string{"GetUser", "GxtUser", "GetXUser", "GtUser", "", "GexUser"} {
			if got := s.Of("Users", method, 1); got != method {
				t.Errorf("got %q for %q", got, method)
			}
		}
	}
	all := 0
	for range s.All {
		all++
	}
	if all != 6 {
		t.Errorf("%d series, want 6", all)
	}
}

// A program may have a thousand clients: what a new series costs must not grow with those
// that there are.
func TestManySeriesCostLittle(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := NewSeries(View{}, func(string, string, uint8) int { return 1 })
	const clients, methods, words = 500, 10, 2
	for c := range clients {
		for m := range methods {
			for w := range uint8(words) {
				s.Of(fmt.Sprintf("client-%d", c), fmt.Sprintf("Method%d", m), w)
			}
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / (clients * methods * words); each > 20_000 {
		t.Errorf("a series takes %d bytes", each)
	}
	n := 0
	for range s.All {
		n++
	}
	if n != clients*methods*words {
		t.Errorf("%d series", n)
	}
}

// Two names that exporters cannot tell apart would be one series twice, which ends a scrape.
func TestNamesThatLookTheSameAreOneSeries(t *testing.T) {
	s := NewSeries(View{}, func(client, _ string, _ uint8) *string { return &client })
	first := s.Of("a\xff", "Get", 1)
	for _, name := range []string{"a\xfe", "a\ufffd", "a\xff"} {
		if got := s.Of(name, "Get", 1); got != first {
			t.Errorf("%q has another series, %q", name, *got)
		}
	}
	var all []string
	for name := range s.All {
		all = append(all, *name)
	}
	if !slices.Equal(all, []string{"a\ufffd"}) {
		t.Errorf("%q", all)
	}
}
