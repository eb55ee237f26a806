package docs_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

// Orders is what the shop needs of the order service.
//
//resil:timeout 900ms attempt=250ms
//resil:retry 3 initial=20ms
//resil:breaker open=1s..30s slow=150ms
//resil:limit 65/s burst=10
//resil:bulkhead 15
type Orders interface {
	Find(ctx context.Context, id int) (Order, error)

	//resil:retry off
	Place(ctx context.Context, o Order) error
}

// An Order is one of the shop.
type Order struct{ Article, Count int }

// orderService answers after a time.
type orderService struct {
	takes time.Duration
	err   error
	calls int
	mu    sync.Mutex
}

func (s *orderService) Find(ctx context.Context, _ int) (Order, error) {
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	time.Sleep(s.takes)
	return Order{}, s.err
}

func (s *orderService) Place(context.Context, Order) error { return s.err }

// What choosing-values.md takes as known.
const (
	calls     = 200 // a second
	processes = 4
	p50, p99  = 20 * time.Millisecond, 150 * time.Millisecond
	patience  = time.Second
	agreed    = 300 // a second
	rate      = calls / processes
)

const choosingPath = "choosing-values.md"

// computed is a number on the page, in bold, with its name in a comment behind it.
var computed = regexp.MustCompile(`\*\*([^*\n]+)\*\*<!-- (\w+) -->`)

// TestChoosingValues computes the numbers on the page.
func TestChoosingValues(t *testing.T) {
	declared := declaredOrders(t)
	timeout, retry, breaker, limit := declared.Timeout, declared.Retry, declared.Breaker, declared.Limit
	pauses := time.Duration(0)
	for n := 1; n < retry.Attempts; n++ {
		_, most := retry.Bounds(n)
		pauses += most
	}
	consecutive := failuresToOpen(t)
	oneKey, err := strconv.Atoi(figure(t, "Breaker by key, 1000000 keys", "resilgen", "B/key", 1))
	if err != nil {
		t.Fatal(err)
	}
	const failing = 0.05
	values := map[string]any{
		"calls": calls, "processes": processes, "p50": p50, "p99": p99, "patience": patience, "agreed": agreed, "rate": rate,

		"total": timeout.Total, "attempt": timeout.Attempt,
		"worst":   time.Duration(retry.Attempts)*timeout.Attempt + pauses,
		"initial": retry.Initial,
		"left":    strconv.FormatFloat(math.Pow(failing, float64(retry.Attempts))*100, 'f', 4, 64) + " %",
		"load":    strconv.FormatFloat(1+failing+failing*failing, 'f', 2, 64),
		"layers":  callsOfTwoLayers(t),

		"bearable":         calls + calls*int(retry.Budget)/int(100*resil.Percent),
		"budget":           budgetAfterTenSeconds(t),
		"unbounded":        simulated(t, "Nothing that bounds retries", "retry budget=off", "recovered after"),
		"fleet160":         simulated(t, "Retries with a budget", "retry, 160 clients", "recovered after"),
		"fleet160breaker":  simulated(t, "How long to stay open", "retry + breaker open=1s..30s, 160 clients", "recovered after"),
		"open30":           simulated(t, "How long to stay open", "30s", "hangs for 1 s"),
		"open1to30":        simulated(t, "How long to stay open", "1s..30s", "hangs for 1 s"),
		"noramp":           simulated(t, "A backend starts slowly", "breaker", "recovered after"),
		"ramp":             simulated(t, "A backend starts slowly", "breaker ramp=20s", "recovered after"),
		"consecutive":      consecutive,
		"opens":            time.Duration(consecutive) * time.Second / rate,
		"quiet":            int(breaker.Window / (10 * time.Second)),
		"window":           2 * time.Duration(breaker.Min) * 10 * time.Second,
		"refused":          rate * 30,
		"slow":             breaker.Slow,
		"admitted":         admittedInASecond(t, limit.Burst),
		"doubled":          admittedInASecond(t, limit.Rate.Count),
		"usual":            mostAtOnce(t, p50),
		"slowday":          mostAtOnce(t, p99),
		"places":           declared.Bulkhead.Calls,
		"hanging":          float64(rate*retry.Attempts) * timeout.Attempt.Seconds(),
		"hedged":           calls / 100,
		"hedge":            p99 + p50,
		"keybytes":         oneKey,
		"keymemory":        fmt.Sprintf("%.0f MB", float64(oneKey*10_000)/1e6),
		"rare":             failuresAt(t, 59*time.Second),
		"keyresults":       rate * int(breaker.Window/time.Second) / 3000,
		"wait":             (timeout.Total-pauses)/time.Duration(retry.Attempts) - timeout.Attempt,
		"mostadmitted":     (limit.Rate.Count + limit.Burst) * processes,
		"doubledprocesses": admittedInASecond(t, limit.Rate.Count) * processes,
	}

	page := read(t, choosingPath)
	used := map[string]bool{}
	got := computed.ReplaceAllStringFunc(page, func(text string) string {
		m := computed.FindStringSubmatch(text)
		value, ok := values[m[2]]
		if !ok {
			t.Errorf("nobody computes %s", m[2])
			return text
		}
		used[m[2]] = true
		want := fmt.Sprint(value)
		if d, ok := value.(time.Duration); ok {
			want = directive.Duration(d)
		}
		if m[1] != want && !*update {
			t.Errorf("the page says that %s is %s, and it is %s", m[2], m[1], want)
		}
		return "**" + want + "**<!-- " + m[2] + " -->"
	})
	for name := range values {
		if !used[name] {
			t.Errorf("the page does not show %s", name)
		}
	}
	if *update {
		write(t, choosingPath, got)
	}
}

// declaredOrders are the policies of Orders.Find.
func declaredOrders(t *testing.T) resil.Policies {
	t.Helper()
	return newOrders(t, new(orderService)).Resilience().Spec().Methods[0].Policies
}

func newOrders(t *testing.T, next Orders, o ...resil.Option) *ResilientOrders {
	t.Helper()
	w, err := NewResilientOrders(next, o...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// answer makes a process's calls, one after another, for a time.
func answer(t *testing.T, w Orders, d time.Duration) {
	t.Helper()
	for range int(d/time.Second) * rate {
		if _, err := w.Find(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second / rate)
	}
}

// failuresToOpen counts the failed attempts that open the breaker after a minute of
// successes.
func failuresToOpen(t *testing.T) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		service := new(orderService)
		w := newOrders(t, service, resil.WithOverrides(resil.Overrides{"Orders": {"retry": "attempts=1"}}))
		answer(t, w, time.Minute)
		service.err = io.ErrUnexpectedEOF
		for w.Resilience().Breaker("Orders").State() == resil.StateClosed {
			w.Find(t.Context(), 1)
			time.Sleep(time.Second / rate)
			n++
		}
	})
	return n
}

// failuresAt counts the failures, one in each gap, that open the breaker; 0 for never.
func failuresAt(t *testing.T, gap time.Duration) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newOrders(t, &orderService{err: io.ErrUnexpectedEOF}, resil.WithOverrides(resil.Overrides{"Orders": {"retry": "attempts=1"}}))
		for n = 1; n < 1000; n++ {
			w.Find(t.Context(), 1)
			if w.Resilience().Breaker("Orders").State() != resil.StateClosed {
				return
			}
			time.Sleep(gap)
		}
		n = 0
	})
	return n
}

// TestChoosingRareCalls is what the page says of keys with a call a minute.
func TestChoosingRareCalls(t *testing.T) {
	if n := failuresAt(t, 61*time.Second); n != 0 {
		t.Errorf("with pauses longer than the window, %d failures open the breaker", n)
	}
}

// callsOfTwoLayers counts the calls of a callee that fails, under two wrappers.
func callsOfTwoLayers(t *testing.T) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		service := &orderService{err: io.ErrUnexpectedEOF}
		newOrders(t, newOrders(t, service)).Find(t.Context(), 1)
		n = service.calls
	})
	return n
}

func budgetAfterTenSeconds(t *testing.T) (n uint64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newOrders(t, new(orderService))
		answer(t, w, 10*time.Second)
		n = w.Resilience().Stats().Budget.Left
	})
	return n
}

// admittedInASecond counts the calls that the limit lets pass in a second, of one each
// millisecond.
func admittedInASecond(t *testing.T, burst int) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newOrders(t, new(orderService), resil.WithOverrides(resil.Overrides{"Orders": {"limit": fmt.Sprintf("burst=%d", burst)}}))
		for range 1000 {
			if _, err := w.Find(t.Context(), 1); err == nil {
				n++
			}
			time.Sleep(time.Millisecond)
		}
	})
	return n
}

// mostAtOnce is the largest number of calls under way at once, where each takes this long.
func mostAtOnce(t *testing.T, takes time.Duration) (most int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newOrders(t, &orderService{takes: takes})
		var calls sync.WaitGroup
		for range 10 * rate {
			calls.Go(func() { w.Find(t.Context(), 1) })
			synctest.Wait()
			most = max(most, w.Resilience().Stats().Bulkhead("Orders").InUse)
			time.Sleep(time.Second / rate)
		}
		calls.Wait()
	})
	return most
}

// simulated is a figure of docs/behaviour.md.
func simulated(t *testing.T, section, row, column string) string {
	t.Helper()
	_, text, ok := strings.Cut(read(t, "behaviour.md"), "# "+section+"\n")
	if !ok {
		t.Fatalf("behaviour.md has no section %q", section)
	}
	text, _, _ = strings.Cut(text, "\n#")
	at := -1
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			at = -1
			continue
		}
		for i, cell := range cells {
			if strings.TrimSpace(cell) == column {
				at = i
			}
		}
		if at >= 0 && strings.TrimSpace(cells[1]) == row {
			return strings.TrimSpace(cells[at])
		}
	}
	t.Fatalf("%s has no %s of %s", section, column, row)
	return ""
}

// TestChoosingExplain compares what the page shows with what the command prints.
func TestChoosingExplain(t *testing.T) {
	dir := scratchModule(t)
	page := read(t, choosingPath)
	write(t, filepath.Join(dir, "orders.go"), "package shop\n\nimport \"context\"\n\n"+
		declaration(t, "choosing_test.go", "Orders")+"\ntype Order struct{ Article, Count int }\n")
	cmd := exec.Command("go", "run", "github.com/resilgen/resilgen/cmd/resilgen", "explain")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	shown := marked(t, page, "generated:explain")
	if *update {
		write(t, choosingPath, page[:shown.start]+string(out)+page[shown.end:])
		return
	}
	if shown.text != string(out) {
		t.Errorf("the page says\n%s, and the command\n%s", shown.text, out)
	}
}

// TestChoosingRefused breaks each rule that the page says to be refused.
func TestChoosingRefused(t *testing.T) {
	for rule, directives := range map[string][]string{
		"`attempt` ≤ total":                                {"timeout 1s attempt=2s"},
		"the last attempt can start before the total ends": {"timeout 1s", "retry 3 initial=1s jitter=none"},
		"`window` ≥ 2 × `attempt`":                         {"timeout 10s attempt=4s", "breaker window=7s"},
		"`slow` < `attempt` and total":                     {"timeout 1s attempt=500ms", "breaker slow=500ms"},
		"hedge delay × `max` < timeout":                    {"timeout 1s", "hedge 500ms max=2", "idempotent"},
	} {
		if !strings.Contains(read(t, choosingPath), "| "+rule+" |") {
			t.Errorf("the page has no rule %s", rule)
		}
		dir := scratchModule(t)
		write(t, filepath.Join(dir, "store.go"), "package store\n\nimport \"context\"\n\n//resil:"+strings.Join(directives, "\n//resil:")+
			"\ntype Store interface {\n\tGet(ctx context.Context) error\n}\n")
		if got := generate(t, dir); !strings.Contains(got, "[RG008]") {
			t.Errorf("%s: %v is not refused with RG008: %s", rule, directives, got)
		}
	}
}
