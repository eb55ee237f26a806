package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// A limit is halved on the page, under load and while the breaker of one tenant is open: half
// as many calls pass, and everything else stays as it is. A wrong override changes nothing.
func TestALimitIsHalvedOnThePage(t *testing.T) {
	s := newStage(t)
	catalog := s.program.telemetry.clients.Client("Catalog")
	s.switches("catalog-globex", "kill")
	s.finds(`resil_breaker_status{client="Catalog",state=~"open|half-open"} > 0`, "Catalog")
	s.page.says("Catalog is ill; 2 are well")
	s.passes(100)
	before := keptOf(catalog)

	const wrong = `{"Catalog": {"limit": "50/fortnight", "braker": "open=1s"}}`
	s.page.override("Catalog", wrong)
	s.page.until(`document.activeElement.id === "failed"`)
	said := s.page.text(`document.getElementById("failed").innerText`)
	for _, want := range []string{"Not done. Nothing was changed.", `unknown override "braker"; did you mean "breaker"?`, `"50/fortnight": write a rate such as 100/s`} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %s, but\n%s", want, said)
		}
	}
	if got := catalog.Overrides(); got != nil {
		t.Errorf("in force are %v", got)
	}
	s.passes(100)

	s.page.override("Catalog", `{"Catalog": {"limit": "50/s burst=20"}}`)
	s.page.until(`document.querySelector(".client .chip").innerText === "1 override"`)
	s.keeps(catalog, before)
	s.passes(50)
	s.keeps(catalog, before)
	s.page.until(`/Apply overrides .*Catalog[^]*the database asks for less/i.test(document.getElementById("record").innerText)`)

	s.switches("catalog-globex", "restore")
	s.page.says("All 3 clients are well")
	s.finds(`resil_breaker_status{client="Catalog",state="closed"} == 3`, "Catalog")
	s.passes(50)
	if n := s.counts(`sum(resets(resil_client_calls_total[5m]))`); n != "0" {
		t.Errorf("counters began again %s times", n)
	}
}

// passes waits until as many calls of the catalog pass in a second, give or take a tenth.
func (s *stage) passes(perSecond float64) {
	s.t.Helper()
	s.holds(fmt.Sprintf(`sum(rate(resil_client_attempts_total{client="Catalog"}[5s])) > %v < %v`, 0.9*perSecond, 1.1*perSecond))
}

// What overrides must keep: an open breaker, a closed one, and counters.
type kept struct {
	open, closed resil.BreakerStats
	method       resil.MethodStats
}

func keptOf(catalog *resil.Client) kept {
	stats := catalog.Stats()
	return kept{stats.Breaker("Catalog", "globex"), stats.Breaker("Catalog", "acme"), stats.Method("GetPrice")}
}

// keeps checks that the catalog has what it had before. What breakers see lasts for a minute.
func (s *stage) keeps(catalog *resil.Client, was kept) {
	s.t.Helper()
	is := keptOf(catalog)
	if is.open.State == resil.StateClosed || is.open.Opened < was.open.Opened {
		s.t.Errorf("the open breaker was %s, opened %d times, and is %s, opened %d times",
			was.open.State, was.open.Opened, is.open.State, is.open.Opened)
	}
	if is.closed.State != resil.StateClosed || was.closed.Successes == 0 || is.closed.Successes < was.closed.Successes {
		s.t.Errorf("the closed breaker was %s with %d successes, and is %s with %d",
			was.closed.State, was.closed.Successes, is.closed.State, is.closed.Successes)
	}
	if is.method.Calls < was.method.Calls || is.method.Attempts < was.method.Attempts {
		s.t.Errorf("of %d calls with %d attempts there are %d with %d",
			was.method.Calls, was.method.Attempts, is.method.Calls, is.method.Attempts)
	}
}

// overrides.go is copied, as the manual says, and stays a copy.
func TestTheFileOfOverridesIsACopy(t *testing.T) {
	want, err := os.ReadFile("../live/overrides.go")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("overrides.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("overrides.go differs from ../live/overrides.go: copy it again")
	}
}
