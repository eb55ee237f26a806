//go:build linux

package main

import (
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := runChild(os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

// brief is the pace of tests.
var brief = pace{400, 40, 500 * time.Millisecond, 500 * time.Millisecond, 1500 * time.Millisecond, 500 * time.Millisecond}

func needRedis(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no redis-server; .ci/servers installs it")
		}
		t.Skip("there is no redis-server")
	}
}

// TestFleet: in each scenario the fleet admits no more than docs/fleet.md says, and in the end
// every process is back and gets tokens.
func TestFleet(t *testing.T) {
	needRedis(t)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // most of the time, processes wait
			r, err := s.play(brief)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range r.check(true) {
				t.Error(w)
			}
			if s.demand > 1 && r.of(r.begin, r.end) < 0.3 { // a busy machine has most of it
				t.Errorf("the fleet admitted %s of its limit", percent(r.of(r.begin, r.end)))
			}
			_, sent := r.times()
			t.Logf("%d calls, at most %d in a second; %d processes lost Redis", len(sent), worst(sent, time.Second), r.lone)
		})
	}
}

// TestNews: every process obeys each order, and learns of breakers that have opened in others.
func TestNews(t *testing.T) {
	needRedis(t)
	t.Parallel()
	n, err := playNews(brief, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.forced) != processes || len(n.applied) != processes || len(n.suspected) != processes-2 {
		t.Errorf("%+v", n)
	}
}

func TestWorstLooksAtEveryWindow(t *testing.T) {
	for range 100 {
		start := time.Now()
		var times []time.Time
		for range rand.N(50) {
			times = append(times, start.Add(rand.N(time.Second)))
		}
		const w = 100 * time.Millisecond
		want := 0
		for _, from := range times {
			n := 0
			for _, at := range times {
				if !at.Before(from) && at.Before(from.Add(w)) {
					n++
				}
			}
			want = max(want, n)
		}
		if got := worst(slices.Clone(times), w); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
}
