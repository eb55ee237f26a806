package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressShowsLongRunsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		p := newProgress(&b)
		p.show("finding packages", 0, 0)
		time.Sleep(400 * time.Millisecond)
		p.show("type-checking", 1, 20)
		p.clear()
		if b.Len() > 0 {
			t.Errorf("a short run shows %q", b.String())
		}
	})
}

func TestProgressReplacesItsLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		p := newProgress(&b)
		time.Sleep(time.Second)
		p.show("finding imports", 0, 20)
		p.show("type-checking", 1, 20) // too soon to be read
		time.Sleep(time.Second)
		p.show("type-checking", 2, 20)
		p.clear()
		const first, second = "resilgen: finding imports 0/20", "resilgen: type-checking 2/20"
		want := "\r" + first + "\r" + second + strings.Repeat(" ", len(first)-len(second)) +
			"\r" + strings.Repeat(" ", len(second)) + "\r"
		if got := b.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestProgressIsForTerminals(t *testing.T) {
	if isTerminal(new(bytes.Buffer)) {
		t.Error("a buffer is taken for a terminal")
	}
}
