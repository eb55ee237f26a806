package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// logged collects what is logged during a test.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	log := new(bytes.Buffer)
	was := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(func() { slog.SetDefault(was) })
	return log
}

// rate is a file that changes the limit, and what the limit is then.
func rate(n int) (text string, overrides resil.Overrides) {
	words := fmt.Sprintf("%d/s", n)
	return fmt.Sprintf(`{"Orders": {"limit": %q}}`, words), resil.Overrides{"Orders": {"limit": words}}
}

// A fixture is a client and its watched file, on a fake clock.
type fixture struct {
	*testing.T
	path   string
	orders *ResilientOrders
	back   *service
	log    *bytes.Buffer
}

// watched runs a test with a file that is read every second.
func watched(t *testing.T, path, first string, test func(*fixture)) {
	log := logged(t)
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{T: t, path: path, back: new(service), log: log}
		if first != "" {
			f.write(first)
		}
		f.orders = resil.Must(NewResilientOrders(f.back))
		file := overridesFile{path: path, apply: f.orders.Resilience().Apply}
		file.load()
		go file.watch(t.Context(), time.Second)
		test(f)
	})
}

func (f *fixture) write(text string) {
	f.Helper()
	if err := os.WriteFile(f.path, []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

// pass lets time pass, half a second more than some readings.
func (f *fixture) pass(readings int) {
	time.Sleep(time.Duration(readings)*time.Second + time.Second/2)
	synctest.Wait()
}

// count is the number in force of calls a second, as a file has it.
func (f *fixture) count() int { return f.orders.Resilience().Stats().Limit("Orders").Rate.Count }

func (f *fixture) want(count int) {
	f.Helper()
	if got := f.count(); got != count {
		f.Errorf("%d calls a second, want %d", got, count)
	}
}

func (f *fixture) wantLines(n int) {
	f.Helper()
	if got := strings.Count(f.log.String(), "\n"); got != n {
		f.Errorf("%d lines are logged, want %d:\n%s", got, n, f.log)
	}
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), overridesName) }

func TestTheFirstReadingIsInForceAtOnce(t *testing.T) {
	text, _ := rate(3)
	watched(t, file(t), text, func(f *fixture) { f.want(3) })
}

func TestANewTextIsInForceAfterTwoReadings(t *testing.T) {
	first, _ := rate(3)
	second, _ := rate(4)
	watched(t, file(t), first, func(f *fixture) {
		f.write(second)
		f.pass(1)
		f.want(3)
		f.pass(1)
		f.want(4)
		f.wantLines(0)
	})
}

// A wrong text is logged once, however long it stays, and the next right one counts.
func TestAWrongFileChangesNothing(t *testing.T) {
	right, _ := rate(4)
	for name, wrong := range map[string]string{
		"half written":    right[:len(right)-4],
		"no JSON":         "limit: 4/s",
		"no overrides":    `["Orders"]`,
		"more than one":   right + right,
		"unknown name":    `{"Oders": {"limit": "4/s"}}`,
		"unknown key":     `{"Orders": {"limit": "4/s bursts=2"}}`,
		"wrong number":    `{"Orders": {"limit": "0/s"}}`,
		"partly right":    `{"Orders": {"limit": "4/s", "breaker": "open=never"}}`,
		"no words":        `{"Orders": {"limit": {"rate": "4/s"}}}`,
		"no such policy":  `{"Orders.Find": {"retry": "5"}}`,
		"byte order mark": "\ufeff" + right,
		"a name twice":    `{"Orders": {"limit": "4/s"}, "Orders": {"limit": "5/s"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			first, _ := rate(3)
			watched(t, file(t), first, func(f *fixture) {
				f.write(wrong)
				f.pass(100)
				f.want(3)
				f.wantLines(1)
				f.write(right)
				f.pass(2)
				f.want(4)
				f.write(wrong)
				f.pass(100)
				f.want(4)
				f.wantLines(2)
			})
		})
	}
}

func TestAWrongFileAtTheStartLeavesTheDirectives(t *testing.T) {
	watched(t, file(t), "limit: 4/s", func(f *fixture) {
		f.want(10)
		f.wantLines(1)
		right, _ := rate(4)
		f.write(right)
		f.pass(2)
		f.want(4)
	})
}

func TestAnEmptyFileMeansNoOverrides(t *testing.T) {
	for _, empty := range []string{"", "\n", "{}", "null"} {
		t.Run(fmt.Sprintf("%q", empty), func(t *testing.T) {
			first, _ := rate(3)
			watched(t, file(t), first, func(f *fixture) {
				f.write(empty)
				f.pass(2)
				f.want(10)
				f.wantLines(0)
				if o := f.orders.Resilience().Overrides(); o != nil {
					f.Errorf("%v are in force", o)
				}
			})
		})
	}
}

// Who writes a file without renaming empties it first.
func TestAFileThatIsBeingWrittenIsNotEmpty(t *testing.T) {
	first, _ := rate(3)
	second, _ := rate(4)
	watched(t, file(t), first, func(f *fixture) {
		for end := range len(second) {
			f.write(second[:end])
			f.pass(0)
			f.want(3)
			f.write(second[:end+1])
			f.pass(0)
			f.want(3)
		}
		f.pass(2)
		f.want(4)
		f.wantLines(0)
	})
}

func TestAFileThatDisappearsChangesNothing(t *testing.T) {
	first, _ := rate(3)
	watched(t, file(t), first, func(f *fixture) {
		if err := os.Remove(f.path); err != nil {
			f.Fatal(err)
		}
		f.pass(100)
		f.want(3)
		f.wantLines(1)
		second, _ := rate(4)
		f.write(second)
		f.pass(2)
		f.want(4)
	})
}

func TestAFileMayComeLater(t *testing.T) {
	watched(t, file(t), "", func(f *fixture) {
		f.want(10)
		f.pass(100)
		f.wantLines(1)
		text, _ := rate(4)
		f.write(text)
		f.pass(2)
		f.want(4)
	})
}

func TestAConfigMapIsSwapped(t *testing.T) {
	needLinks(t)
	config := configMap{folder: t.TempDir()}
	update := func(n int) {
		text, _ := rate(n)
		if err := config.update(text); err != nil {
			t.Error(err)
		}
	}
	update(3)
	watched(t, config.path(), "", func(f *fixture) {
		f.want(3)
		for n := range 100 { // 20 swaps a second
			update(100 + n)
			time.Sleep(time.Second / 20)
		}
		f.want(3)
		f.pass(2)
		f.want(199)
		f.wantLines(0)
	})
}

// TestSwapsBesideReadings swaps while the file is being read. Whatever is put in force has
// been written, and the last one is in the end.
func TestSwapsBesideReadings(t *testing.T) {
	needLinks(t)
	log := logged(t)
	config := configMap{folder: t.TempDir()}
	written := map[string]bool{}
	const swaps = 100
	for n := range swaps {
		_, o := rate(n)
		written[o["Orders"]["limit"]] = true
	}
	first, _ := rate(0)
	if err := config.update(first); err != nil {
		t.Fatal(err)
	}
	var now string
	f := overridesFile{path: config.path(), apply: func(o resil.Overrides) error {
		if now = o["Orders"]["limit"]; !written[now] {
			return errors.New("never written")
		}
		return nil
	}}
	f.load()
	done := make(chan error)
	go func() {
		var err error
		for n := range swaps {
			text, _ := rate(n)
			err = errors.Join(err, config.update(text))
		}
		done <- err
	}()
	for swapping := true; swapping; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			swapping = false
		default:
			f.look()
		}
	}
	f.look()
	f.look()
	if _, want := rate(swaps - 1); now != want["Orders"]["limit"] {
		t.Errorf("in the end %s is in force, want %s", now, want["Orders"]["limit"])
	}
	if log.Len() > 0 {
		t.Errorf("logged:\n%s", log)
	}
}

func TestTokensAndOpenBreakersStay(t *testing.T) {
	watched(t, file(t), "", func(f *fixture) {
		find := func() error {
			_, err := f.orders.Find(f.Context(), 1)
			return err
		}
		for range 7 {
			if err := find(); err != nil {
				f.Fatal(err)
			}
		}
		// Nothing comes into the bucket within this test.
		f.write(`{"Orders": {"limit": "1/h burst=5"}}`)
		f.pass(2)
		if l := f.orders.Resilience().Stats().Limit("Orders"); l.Burst != 5 || l.Tokens != 5 {
			f.Errorf("a bucket that was full again in 2.5 s has %d of %d tokens, want 5 of 5", l.Tokens, l.Burst)
		}
		if err := find(); err != nil {
			f.Fatal(err)
		}
		f.write(`{"Orders": {"limit": "1/h burst=8"}}`)
		f.pass(2)
		if l := f.orders.Resilience().Stats().Limit("Orders"); l.Burst != 8 || l.Tokens != 4 {
			f.Errorf("%d of %d tokens, want 4 of 8", l.Tokens, l.Burst)
		}

		f.back.down.Store(true)
		for range 3 {
			find()
		}
		opened := f.orders.Resilience().Stats().Breaker("Orders")
		if opened.State != resil.StateOpen {
			f.Fatalf("the breaker is %s", opened.State)
		}
		f.write(`{"Orders": {"breaker": "open=1s consecutive=99"}}`)
		f.pass(2)
		b := f.orders.Resilience().Stats().Breaker("Orders")
		if want := opened.RetryAfter - 2500*time.Millisecond; b.State != resil.StateOpen || b.RetryAfter != want {
			f.Errorf("%s, and probes in %v, want open and %v", b.State, b.RetryAfter, want)
		}
	})
}

// One wrong name keeps the overrides from all clients of a registry.
func TestARegistryTakesAllOrNothing(t *testing.T) {
	logged(t)
	var clients resil.Registry
	eu := resil.Must(NewResilientOrders(new(service), resil.WithName("eu"), resil.WithRegistry(&clients)))
	us := resil.Must(NewResilientOrders(new(service), resil.WithName("us"), resil.WithRegistry(&clients)))
	rates := func() [2]int {
		return [2]int{eu.Resilience().Stats().Limit("Orders").Rate.Count, us.Resilience().Stats().Limit("Orders").Rate.Count}
	}
	f := overridesFile{path: file(t), apply: clients.Apply}
	for _, test := range []struct {
		text string
		want [2]int
	}{
		{`{"eu": {"limit": "3/s"}, "us": {"limit": "4/s"}}`, [2]int{3, 4}},
		{`{"eu": {"limit": "5/s"}, "su": {"limit": "6/s"}}`, [2]int{3, 4}},
		{`{"Orders": {"limit": "7/s"}, "eu": {"limit": "8/s"}}`, [2]int{8, 7}},
	} {
		if err := os.WriteFile(f.path, []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		f.load()
		if got := rates(); got != test.want {
			t.Errorf("after %s the rates are %v, want %v", test.text, got, test.want)
		}
	}
}

func TestWatchingEndsWithTheContext(t *testing.T) {
	logged(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		readings := 0
		f := overridesFile{path: file(t), apply: func(resil.Overrides) error { readings++; return nil }}
		if err := os.WriteFile(f.path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		f.load()
		f.watch(ctx, time.Second) // ends, or the test never does
		if readings != 1 {
			t.Errorf("a file that stays the same is put in force %d times", readings)
		}
	})
}
