package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestEveryEntrantIsMeasured(t *testing.T) {
	e := effort{rounds: 2, sample: 10 * time.Microsecond}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			r.stack.keys = min(r.stack.keys, 1000)
			if r.refused {
				t.Skip("opening breakers needs pauses: another test runs it on a fake clock")
			}
			results, err := r.run(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{byHand, resil} {
				if x := find(results, name); len(x.serial) != e.rounds || len(x.parallel) != e.rounds {
					t.Errorf("%s has %d serial and %d parallel times, want %d of each", name, len(x.serial), len(x.parallel), e.rounds)
				}
			}
		})
	}
}

func TestARaceStopsAtUnexpectedResults(t *testing.T) {
	fail := func(context.Context, string) (int, error) { return 0, errors.New("no") }
	pass := func(context.Context, string) (int, error) { return 0, nil }
	for _, tt := range []struct {
		name    string
		refused bool
		get     get
		ok      bool
	}{
		{"failing", false, fail, false},
		{"passing", false, pass, true},
		{"refusing", true, fail, true},
		{"passing an open breaker", true, pass, false},
	} {
		track := track{ids: []string{"a"}, refused: tt.refused}
		for _, goroutines := range []int{1, 2} {
			if _, err := track.run(entrant{name: "x", get: tt.get}, goroutines, 10); (err == nil) != tt.ok {
				t.Errorf("%s, %d goroutines: error %v", tt.name, goroutines, err)
			}
		}
	}
}

func TestTargetsNameExistingRows(t *testing.T) {
	for _, x := range targets {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.name == x.row }) {
			t.Errorf("there is no row %q", x.row)
		}
	}
}

func TestBreakersAreOpenBeforeTheRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := slices.IndexFunc(rows, func(r row) bool { return r.refused })
		entrants, err := rows[i].entrants()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entrants {
			names = append(names, e.name)
			if _, err := e.get(t.Context(), "a"); err == nil || errors.Is(err, errDown) {
				t.Errorf("%s: got %v, want a refusal", e.name, err)
			}
		}
		if want := []string{byHand, resil, fsafe, breakerAlone}; !slices.Equal(names, want) {
			t.Errorf("got %q, want %q", names, want)
		}
	})
}
