package resilpage

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestTheIllestStandsFirstInWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		users := newClient(t, registry, "Users", "breaker")
		payments := newClient(t, registry, "Payments", "breaker consecutive=off ratio=50% min=10 open=20s")
		_, keyed := newKeyed[string](t, registry, "Directory", "breaker per=tenant")
		page := newPage(t, registry)

		if got := state(t, page, ""); got.Status != StatusOK || got.Summary != "All 3 clients are well" {
			t.Errorf("at first: %s, %q", got.Status, got.Summary)
		}
		succeed(users.Method("Get"), 50)
		succeed(payments.Method("Get"), 3)
		fail(payments.Method("Get"), 7, errDown)
		succeed(keyed.For("globex"), 3)
		fail(keyed.For("acme"), 8, errDown)
		fail(payments.Method("Get"), 20, errDown)
		time.Sleep(8 * time.Second)

		got := state(t, page, "")
		if want := "Payments is down; Directory is ill; 1 is well"; got.Summary != want || got.Status != StatusDown {
			t.Errorf("%s, %q, want %q", got.Status, got.Summary, want)
		}
		var names []string
		for _, c := range got.Clients {
			names = append(names, fmt.Sprint(c.Name, " ", c.Status))
		}
		if got, want := strings.Join(names, ", "), "Payments down, Directory ill, Users ok"; got != want {
			t.Errorf("the order is %s, want %s", got, want)
		}
		first := got.Clients[0].Findings[0]
		left := regexp.MustCompile(`in \d+ s`)
		if want := "circuit breaker open for 8 s: calls are not sent, next try N"; left.ReplaceAllString(first.Text, "N") != want {
			t.Errorf("it says %q, want %q", first.Text, want)
		}
		if want := "after 7 of 10 sent calls failed in 60 s"; first.Why != want {
			t.Errorf("why: %q, want %q", first.Why, want)
		}
		if want := "20 calls not sent in the last 8 s (not counted as failed): Get"; first.Effect != want {
			t.Errorf("effect: %q, want %q", first.Effect, want)
		}
		if want := "dial tcp 10.0.3.7:8443: connection refused"; first.Error != want {
			t.Errorf("error: %q, want %q", first.Error, want)
		}
		second := got.Clients[1].Findings[0]
		if want := "circuit breaker open for acme: their calls are not sent, next try N"; left.ReplaceAllString(second.Text, "N") != want {
			t.Errorf("it says %q, want %q", second.Text, want)
		}

		html := get(page, "/").Body.String()
		at := -1
		for _, text := range []string{
			"Payments is down", first.Text[1:], first.Error, first.Why, first.Effect, // the first letters are large
			second.Text[1:], "Users", "50 succeeded",
		} {
			i := strings.Index(html, text)
			if i <= at {
				t.Errorf("the page says %q at %d, and what is to come before it at %d", text, i, at)
			}
			at = i
		}
	})
}

// Each rule of what is worth saying.
func TestFindings(t *testing.T) {
	for _, c := range []struct {
		rule       string
		directives []string
		do         func(c *resil.Client)
		want       string // status, kind and text, numbers as N; empty for none
	}{
		{"a success is nothing to speak of", []string{"breaker"}, func(c *resil.Client) { succeed(c.Method("Get"), 9) }, ""},
		{"an answer such as not found is no failure", nil, func(c *resil.Client) { fail(c.Method("Get"), 9, resil.App(errDown)) }, ""},
		{"a failure of many", nil, func(c *resil.Client) { succeed(c.Method("Get"), 99); fail(c.Method("Get"), 1, errDown) },
			"watch method-fails Get: N of N calls failed in the last N s"},
		{"a tenth fails", nil, func(c *resil.Client) { succeed(c.Method("Get"), 90); fail(c.Method("Get"), 10, errDown) },
			"ill method-fails Get: N of N calls failed in the last N s"},
		{"nearly all fail", nil, func(c *resil.Client) { fail(c.Method("Get"), 10, errDown) },
			"down method-fails Get: N of N calls failed in the last N s"},
		{"a breaker that only observes", []string{"breaker mode=observe"}, func(c *resil.Client) { fail(c.Method("Get"), 9, errDown) },
			"down method-fails Get: N of N calls failed in the last N s; watch breaker-open circuit breaker open for N s: calls would not be sent (it only observes), next try in N s"},
		{"forced open", []string{"breaker"}, func(c *resil.Client) { c.Breaker("Users").ForceOpen() },
			"down breaker-forced-open circuit breaker forced open: calls are not sent until somebody resets it"},
		{"forced open for a time", []string{"breaker"}, func(c *resil.Client) { c.Breaker("Users").ForceOpenFor(time.Hour) },
			"down breaker-forced-open circuit breaker forced open: calls are not sent for N min N s more"},
		{"forced closed", []string{"breaker"}, func(c *resil.Client) { c.Breaker("Users").ForceCloseFor(time.Minute) },
			"watch breaker-forced-closed circuit breaker forced closed: all calls are sent for N s more"},
		{"time to try again", []string{"breaker open=1s"}, func(c *resil.Client) { fail(c.Method("Get"), 5, errDown); time.Sleep(2 * time.Second) },
			"ill breaker-half-open circuit breaker half-open: N trial calls to try the backend, others are not sent"},
		{"a limit refuses", []string{"limit 5/m"}, func(c *resil.Client) { succeed(c.Method("Get"), 9) }, "ill limit-refuses rate limit reached: calls are not sent"},
		{"a hint", []string{"limit 5/s"}, func(c *resil.Client) { fail(c.Method("Get"), 1, resil.Throttle(errDown, 20*time.Second)) },
			"ill limit-held rate limit holds all calls back for N s more; watch method-fails Get: N of N call failed in the last N s"},
		{"the budget is spent", []string{"retry 2 initial=1ms budget=1%"}, func(c *resil.Client) { fail(c.Method("Get"), 30, errDown) },
			"down method-fails Get: N of N calls failed in the last N s; watch budget-spent retry budget spent: calls that fail are not repeated"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := new(resil.Registry)
				client := newClient(t, registry, "Users", c.directives...)
				page := newPage(t, registry)
				state(t, page, "")
				time.Sleep(time.Second)
				c.do(client)
				time.Sleep(time.Second)
				var said []string
				for _, f := range state(t, page, "").Clients[0].Findings {
					said = append(said, fmt.Sprint(f.Status, " ", f.Kind, " ", f.Text))
				}
				got := regexp.MustCompile(`\d+`).ReplaceAllString(strings.Join(said, "; "), "N")
				if got != c.want {
					t.Errorf("it says\n%s, want\n%s", got, c.want)
				}
				if get(page, "/").Code != http.StatusOK {
					t.Error("the page cannot be written")
				}
			})
		})
	}
}

func TestABulkheadThatIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		m := newClient(t, registry, "Search", "bulkhead 1").Method("Get")
		page := newPage(t, registry)
		state(t, page, "")
		release := make(chan struct{})
		go resil.Run(t.Context(), m, func(context.Context) error { <-release; return nil })
		synctest.Wait()
		if got := state(t, page, ""); len(got.Clients[0].Findings) > 0 {
			t.Error("a state of a moment ago is read again")
		}
		time.Sleep(time.Second)
		got := state(t, page, "").Clients[0]
		if f := got.Findings[0]; f.Status != StatusWatch || f.Text != "bulkhead is full" || f.Why != "1 of 1 places are taken" {
			t.Errorf("%+v", f)
		}
		succeed(m, 3)
		time.Sleep(time.Second)
		got = state(t, page, "").Clients[0]
		if f := got.Findings[0]; f.Status != StatusIll || f.Why != "no more than 1 call at once, 1 of 1 places are taken" || f.Effect != "3 calls not sent in the last 2 s (not counted as failed): Get" {
			t.Errorf("%+v", f)
		}
		close(release)
	})
}

func TestRatesAreOfTheLastMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		m := newClient(t, registry, "Users", "retry 2 initial=1ms").Method("Get")
		succeed(m, 1000) // before anybody looks
		page := newPage(t, registry)
		if got := state(t, page, "").Clients[0].Recent; got.Seconds != 0 || got.Calls != 0 {
			t.Errorf("at first %+v", got)
		}
		for range 120 {
			succeed(m, 2)
			fail(m, 1, errDown)
			time.Sleep(time.Second)
			r := state(t, page, "").Clients[0].Methods[0].Recent
			if p := newest(r); p.Calls != 3 || p.Failed != 1 {
				t.Fatalf("now there are %+v", p)
			}
			if p := r.Line[len(r.Line)-1]; p.Calls != 3 {
				t.Fatalf("of the seconds that have passed, the line has %+v", p)
			}
		}
		got := state(t, page, "").Clients[0].Methods[0]
		r := got.Recent
		if n := uint64(r.Seconds); n < 55 || n > 60 || r.Calls != 3*n || r.Failed != n || r.Attempts <= r.Calls {
			t.Errorf("%d s, %d calls, %d failed, %d attempts", r.Seconds, r.Calls, r.Failed, r.Attempts)
		}
		if r.Outcomes["exhausted"]+r.Outcomes["budget"] != r.Failed || r.Outcomes["succeeded"] != r.Calls-r.Failed {
			t.Errorf("%v", r.Outcomes)
		}
		if got.Totals["succeeded"] != 1240 {
			t.Errorf("%v", got.Totals)
		}
		for _, p := range r.Line[len(r.Line)-20:] {
			if p.Calls != 3 || p.Failed != 1 {
				t.Errorf("the line has %+v", p)
			}
		}
		if p := r.Line[0]; p.Calls != 0 {
			t.Errorf("five minutes ago there were %+v", p)
		}
		for range 6 {
			time.Sleep(time.Minute)
			state(t, page, "")
		}
		r = state(t, page, "").Clients[0].Methods[0].Recent
		if r.Calls != 0 || slices.ContainsFunc(r.Line, func(p Point) bool { return p != Point{} }) {
			t.Errorf("six minutes later there are %d calls, and the line has %v", r.Calls, r.Line)
		}
	})
}

func TestEveryAttemptHasAClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		m := newClient(t, registry, "Users").Method("Get")
		page := newPage(t, registry)
		fail(m, 1, nil)
		fail(m, 2, resil.App(errors.New("not found")))
		fail(m, 3, errDown)
		ctx, cancel := context.WithCancel(t.Context())
		resil.Run(ctx, m, func(ctx context.Context) error { cancel(); return ctx.Err() })
		func() {
			defer func() { recover() }()
			resil.Run(t.Context(), m, func(context.Context) error { panic("at the callee") })
		}()
		time.Sleep(time.Second)
		got := state(t, page, "").Clients[0].Methods[0]
		sum := uint64(0)
		for _, n := range got.Classes {
			sum += n
		}
		if sum != 8 || got.Attempts != 8 || got.Classes["canceled"] != 1 || got.Classes["panicked"] != 1 {
			t.Errorf("%d attempts, of the classes %v", got.Attempts, got.Classes)
		}
	})
}

func TestNegotiation(t *testing.T) {
	page := newPage(t, new(resil.Registry))
	for _, c := range []struct {
		query, accept string
		want          string
	}{
		{"", "", "text/html"},
		{"", "*/*", "text/html"},
		{"", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"},
		{"", "application/json", "application/json"},
		{"", "Application/JSON; charset=utf-8", "application/json"},
		{"", "application/json, text/html", "text/html"},
		{"", "application/json, text/html;q=0.9", "application/json"},
		{"", "application/json;q=0.5, text/html;q=0.9", "text/html"},
		{"", "text/html;q=0, */*", "application/json"},
		{"", "application/*, text/html;q=0.1", "application/json"},
		{"", "application/json;q=0", "text/html"},
		{"", "application/json;q=two, text/html;q=0.1", "text/html"},
		{"", "image/png", "text/html"},
		{"?format=json", "text/html", "application/json"},
		{"?format=html", "application/json", "text/html"},
	} {
		w := get(page, "/"+c.query, header("Accept", c.accept))
		if got, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); got != c.want {
			t.Errorf("%s %q answers %s, want %s", c.query, c.accept, got, c.want)
		}
		if w.Header().Get("Vary") != "Accept" {
			t.Error("caches are not told that the answer depends on Accept")
		}
	}
}

func TestOtherNamesAreNotAnswered(t *testing.T) {
	page := newPage(t, new(resil.Registry), WithHosts("ops.example.com", "*.internal.example"))
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "LOCALHOST.": 200, "app.localhost:1": 200,
		"127.0.0.1:8080": 200, "10.1.2.3": 200, "[::1]:8080": 200, "[::1]": 200,
		"ops.example.com": 200, "OPS.example.com:443": 200, "a.internal.example": 200,
		"evil.example": 421, "evil.example:8080": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421,
		"internal.example": 421, "xinternal.example": 421, "": 421, "ops.example.com.evil.example": 421, "evillocalhost": 421,
	} {
		for _, target := range []string{"/", "/?format=json", "/?get=page.css", "/?get=parts"} {
			w := get(page, target, func(r *http.Request) { r.Host = host })
			if w.Code != want {
				t.Errorf("%q: %s answers %d, want %d", host, target, w.Code, want)
			}
		}
	}
	if w := get(page, "/?get=events", func(r *http.Request) { r.Host = "evil.example" }); w.Code != 421 {
		t.Errorf("another site gets a stream: %d", w.Code)
	}
	all := newPage(t, new(resil.Registry), WithHosts("*"))
	if w := get(all, "/", func(r *http.Request) { r.Host = "anything.example" }); w.Code != 200 {
		t.Errorf("with *: %d", w.Code)
	}
}

// A name that would never match is a mistake, and an empty one would let in what has no name.
func TestHostsThatCannotBeNamesPanic(t *testing.T) {
	for _, name := range []string{"", "*.", "ops.example.com:8080", "https://ops.example.com", "ops.example.com/debug", "*.*.example.com", "ops*.example.com"} {
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "without scheme and port") {
					t.Errorf("%q is accepted: %v", name, v)
				}
			}()
			WithHosts(name)
		}()
	}
	page := newPage(t, nil, WithHosts("ops.example.com."))
	if w := get(page, "/", func(r *http.Request) { r.Host = "OPS.example.com" }); w.Code != 200 {
		t.Error(w.Code)
	}
}

// Programs may name clients after what they have read, and methods in any script.
func TestNamesAreText(t *testing.T) {
	registry := new(resil.Registry)
	spec := resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Über"}}}
	client, err := resil.New(spec, resil.WithRegistry(registry), resil.WithName("a\u202eb\x00\x1b[31m<b>\nc"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		page := newPage(t, registry)
		get(page, "/")
		fail(client.Method("Über"), 9, errDown)
		time.Sleep(2 * time.Second)
		for _, target := range []string{"/", "/?get=parts", "/?format=json"} {
			body := get(page, target).Body.String()
			if target != "/" {
				var v any
				decode(t, strings.NewReader(body), &v)
				body = fmt.Sprint(v)
			}
			for _, bad := range []string{"\u202e", "\x00", "\x1b", "\ufffd"} {
				if strings.Contains(body, bad) {
					t.Errorf("%s holds %q", target, bad)
				}
			}
			if !strings.Contains(body, "Über: 9 of 9 calls failed") {
				t.Errorf("%s has no finding: %s", target, body)
			}
		}
		page.Close()
	})
}

func TestHeaders(t *testing.T) {
	page := newPage(t, new(resil.Registry))
	for _, target := range []string{"/", "/?format=json", "/?get=parts", "/?get=page.js", "/?get=nothing"} {
		h := get(page, target).Header()
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", target, name, got)
			}
		}
	}
	if w := serve(page, httptest.NewRequest("DELETE", "/", nil)); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("DELETE: %d", w.Code)
	}
}

// The page has links to itself only, and these are relative: it works under any path.
func TestMounted(t *testing.T) {
	page := newPage(t, new(resil.Registry), WithToken("0123456789abcdef"))
	mux := http.NewServeMux()
	mux.Handle("/debug/resil", page)
	mux.Handle("/stripped/", http.StripPrefix("/stripped", page))
	mux.Handle("/under/", page)
	link := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	for _, path := range []string{"/debug/resil", "/stripped/", "/under/", "/under/deep"} {
		w := get(mux, path)
		links := link.FindAllStringSubmatch(w.Body.String(), -1)
		if w.Code != 200 || len(links) < 4 {
			t.Fatalf("%s: %d, %d links", path, w.Code, len(links))
		}
		for _, l := range links {
			if !strings.HasPrefix(l[1], "?") && !strings.HasPrefix(l[1], "#") {
				t.Errorf("%s links to %s", path, l[1])
			}
			if strings.HasPrefix(l[1], "?get=") {
				if a := get(mux, path+strings.ReplaceAll(l[1], "&amp;", "&")); a.Code != 200 || a.Header().Get("Cache-Control") != "max-age=31536000, immutable" {
					t.Errorf("%s%s: %d, %s", path, l[1], a.Code, a.Header())
				}
			}
		}
	}
}

// The policy forbids what stands in the page itself.
func TestNothingInline(t *testing.T) {
	registry := new(resil.Registry)
	m := newClient(t, registry, "Users", "breaker", "limit 10/s", "bulkhead 3", "retry 3 initial=1ms").Method("Get")
	page := newPage(t, registry, WithToken("0123456789abcdef"))
	fail(m, 20, errDown)
	html := get(page, "/").Body.String()
	for _, not := range []string{"<style", "style=", "javascript:", " onclick", " onload", "<script>", "http://", "https://", "//cdn"} {
		if strings.Contains(html, not) {
			t.Errorf("the page has %s", not)
		}
	}
}

func TestTenThousandKeys(t *testing.T) {
	registry := new(resil.Registry)
	client, keyed := newKeyed[string](t, registry, "Directory", "breaker per=tenant")
	for i := range 10_000 {
		fail(keyed.For(fmt.Sprintf("tenant-%05d", i)), 1+4*(i%2), errDown) // half of them open
	}
	page := newPage(t, registry)
	got := state(t, page, "").Clients[0]
	b := got.Breakers[0]
	if b.Keys != 10_000 || b.KeyStates["open"] != 5_000 || len(b.Worst) != 20 || b.Worst[0].State != "open" {
		t.Errorf("%d keys, %v, %d shown", b.Keys, b.KeyStates, len(b.Worst))
	}
	if want := " and 4,997 more: their calls are not sent, next try in "; !strings.Contains(got.Findings[0].Text, want) {
		t.Errorf("it says %q", got.Findings[0].Text)
	}
	if size := get(page, "/").Body.Len(); size > 60_000 {
		t.Errorf("the page has %d bytes", size)
	}
	b = state(t, page, "&q=tenant-0123").Clients[0].Breakers[0]
	if b.Found != 10 || len(b.Worst) != 10 || b.Worst[9].State != "closed" {
		t.Errorf("the filter finds %d, and shows %d", b.Found, len(b.Worst))
	}
	b = state(t, page, "&q=TENANT").Clients[0].Breakers[0]
	if b.Found != 10_000 || len(b.Worst) != 20 {
		t.Errorf("the filter finds %d, and shows %d", b.Found, len(b.Worst))
	}
	if got := state(t, page, "&q=nobody").Clients; len(got) != 0 {
		t.Errorf("the filter finds %d clients", len(got))
	}
	if got := state(t, page, "&q=get").Clients; len(got) != 1 || len(got[0].Methods) != 1 || len(got[0].Breakers) != 0 {
		t.Errorf("a filter for a method finds %+v", got)
	}
	registry.Remove(client)
}

// A method's policy is on the page, in one line and in sentences.
func TestPoliciesInWords(t *testing.T) {
	registry := new(resil.Registry)
	client := newClient(t, registry, "Users", "timeout 2s", "retry 3", "breaker")
	page := newPage(t, registry)
	policies := client.Spec().Methods[0].Policies
	m := state(t, page, "").Clients[0].Methods[0]
	if m.Policy != policies.String() || len(m.Words) < 3 || strings.Join(m.Words, "\n") != strings.Join(policies.Words(), "\n") {
		t.Errorf("%q, %q", m.Policy, m.Words)
	}
	html := get(page, "/").Body.String()
	for _, text := range append(m.Words, m.Policy) {
		if !strings.Contains(html, template.HTMLEscapeString(text)[1:]) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

func TestFiltersAreRememberedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		newClient(t, registry, "Users", "breaker")
		page := newPage(t, registry)
		for i := range 3 * maxFound {
			if got := state(t, page, fmt.Sprint("&q=nobody", i)).Clients; len(got) != 0 {
				t.Errorf("%+v", got)
			}
		}
		if n := len(page.sampler.found); n != maxFound {
			t.Errorf("%d filters are remembered", n)
		}
		newClient(t, registry, "nobody0")
		time.Sleep(time.Second)
		if got := state(t, page, "&q=nobody0").Clients; len(got) != 1 {
			t.Errorf("a second later: %+v", got)
		}
	})
}

// Guards that are kept by key say what all keys hold together.
func TestKeyedGuards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		_, keyed := newKeyed[string](t, registry, "Directory", "limit 10/s per=tenant", "bulkhead 2 per=tenant")
		page := newPage(t, registry)
		release := make(chan struct{})
		for _, key := range []string{"acme", "globex", "acme"} {
			go resil.Run(t.Context(), keyed.For(key), func(context.Context) error { <-release; return nil })
		}
		synctest.Wait()
		c := state(t, page, "").Clients[0]
		if b := c.Bulkheads[0]; !b.Keyed || b.Keys != 2 || b.InUse != 3 {
			t.Errorf("%+v", b)
		}
		if html := get(page, "/").Body.String(); !strings.Contains(html, "2 keys, 3 taken in all") || !strings.Contains(html, "a bucket for each of 2 keys") {
			t.Error(html)
		}
		close(release)
	})
}

func TestClientsComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		page := newPage(t, registry)
		if got := state(t, page, "").Summary; got != "No clients yet" {
			t.Error(got)
		}
		a := newClient(t, registry, "Users")
		newClient(t, registry, "Users")
		time.Sleep(time.Second)
		got := state(t, page, "").Clients
		if len(got) != 2 || got[0].ID == got[1].ID {
			t.Fatalf("%+v", got)
		}
		registry.Remove(a)
		time.Sleep(time.Second)
		if left := state(t, page, "").Clients; len(left) != 1 || left[0].ID != got[1].ID {
			t.Errorf("%+v", left)
		}
		if n := len(page.sampler.clients); n != 1 {
			t.Errorf("%d clients are held", n)
		}
	})
	if got := state(t, newPage(t, nil), "").Summary; got != "No clients yet" {
		t.Error(got)
	}
}

func TestEvilKeysAndErrors(t *testing.T) {
	for name, c := range map[string]struct {
		key  any
		want string
	}{
		"panics":         {panics{}, "(resilpage.panics panics when it is asked for its text)"},
		"ends goroutine": {exits{}, "(resilpage.exits ended the goroutine when it was asked for its text)"},
		"hangs":          {hangs{}, "(resilpage.hangs gives no text in time)"},
		"nil pointer":    {(*pointed)(nil), "(*resilpage.pointed panics when it is asked for its text)"},
		"turns":          {"abc\u202edef\x00\x1b[31m\nx", `abc\u202edef\u0000\u001b[31m x`},
		"long":           {strings.Repeat("é", 1_000_000), strings.Repeat("é", 100) + "…"},
		"not UTF-8":      {"a\xffb", "a\ufffdb"},
		"struct":         {struct{ A, B int }{1, 2}, "{1 2}"},
		"a number":       {42, "42"},
		"nil":            {nil, "<nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var p printer
				for range 3 {
					if got := p.key(c.key); got != c.want {
						t.Errorf("%q, want %q", got, c.want)
					}
				}
				if waited := time.Since(began); waited > patience {
					t.Errorf("it waits for %s", waited)
				}
				time.Sleep(time.Hour) // for what hangs
			})
		})
	}
}

type panics struct{}

func (panics) Error() string { panic("at the disco") }

type exits struct{}

func (exits) String() string { runtime.Goexit(); return "" }

type hangs struct{}

func (hangs) String() string { time.Sleep(time.Minute); return "" }

type pointed struct{ text string }

func (p *pointed) Error() string { return p.text }

func TestKeysWhosePrintingPanicsAreShown(t *testing.T) {
	registry := new(resil.Registry)
	_, keyed := newKeyed[panics](t, registry, "Users", "breaker per=tenant")
	page := newPage(t, registry)
	fail(keyed.For(panics{}), 9, resil.Infra(panics{}))
	c := state(t, page, "").Clients[0]
	if !strings.Contains(c.Findings[0].Text, "panics when it is asked") || c.Breakers[0].Worst[0].KeyID == "" {
		t.Errorf("%+v", c.Findings)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	for text, want := range map[string]string{
		`Get "https://ann:hunter2@db.example/x": EOF`:            `Get "https://…@db.example/x": EOF`,
		`Get "https://db.example/x?key=hunter2&a=b": EOF`:        `Get "https://db.example/x?…": EOF`,
		`401: Authorization: Bearer hunter2hunter2`:              `401: Authorization: Bearer …`,
		`bad token=hunter2, and password: "hunter2"`:             `bad token=…, and password: "…"`,
		`postgres://app:hunter2@10.0.0.1/db: connection refused`: `postgres://…@10.0.0.1/db: connection refused`,
		`dial tcp 10.0.3.7:8443: connection refused`:             `dial tcp 10.0.3.7:8443: connection refused`,
	} {
		if got := (&printer{}).error(errors.New(text)); got != want {
			t.Errorf("%s\nis shown as %s\nwant        %s", text, got, want)
		}
	}
	registry := new(resil.Registry)
	_, keyed := newKeyed[string](t, registry, "Users", "breaker per=tenant")
	fail(keyed.For("customer 4711"), 9, resil.Infra(errors.New("no route for customer 4711")))
	hide := func(text string) string { return strings.ReplaceAll(text, "4711", "XXXX") }
	page := newPage(t, registry, WithRedact(hide))
	for _, target := range []string{"/", "/?format=json", "/?get=parts", "/?q=customer"} {
		body := get(page, target).Body.String()
		if strings.Contains(body, "4711") || !strings.Contains(body, "customer XXXX") {
			t.Errorf("%s shows\n%s", target, body)
		}
	}
	page = newPage(t, registry, WithRedact(func(string) string { panic("oh") }))
	if body := get(page, "/").Body.String(); strings.Contains(body, "4711") || !strings.Contains(body, "not shown: the function of WithRedact panics") {
		t.Error(body)
	}
}

// FuzzKeysAreText: whatever keys and errors hold, the page has the same elements.
func FuzzKeysAreText(f *testing.F) {
	for _, seed := range []string{"<script>alert(1)</script>", `" onmouseover="x`, "'><img src=x>", "{{.}}", "</td></table>", "&lt;", "\x00", "`${x}`", "\u2028"} {
		f.Add(seed, seed)
	}
	elements := func(t *testing.T, key, text string) (n [3]int) {
		registry := new(resil.Registry)
		_, keyed := newKeyed[string](t, registry, "Users", "breaker per=tenant")
		page := newPage(t, registry, WithToken("0123456789abcdef"))
		fail(keyed.For(key), 9, resil.Infra(errors.New(text)))
		html := get(page, "/?q=users").Body.String()
		return [3]int{strings.Count(html, "<"), strings.Count(html, ">"), strings.Count(html, `"`)}
	}
	f.Fuzz(func(t *testing.T, key, text string) {
		if text == "" || strings.TrimSpace((&printer{}).clean(text)) == "" {
			return // no line for it
		}
		if got, want := elements(t, key, text), elements(t, "acme", "down"); got != want {
			t.Errorf("key %q and error %q: the page has %d, want %d", key, text, got, want)
		}
	})
}

// The page says which program it is of, without what nobody is to see.
func TestTitle(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		want string
		opts []Option
	}{
		{"page.test on " + host, nil},
		{"shop, eu-west-1", []Option{WithTitle("shop, eu-west-1")}},
		{"shop token=…", []Option{WithTitle("shop token=hunter2")}},
		{"sXXp <b>", []Option{WithRedact(func(text string) string { return strings.ReplaceAll(text, "ho", "XX") }), WithTitle("shop <b>")}},
	} {
		page := newPage(t, nil, c.opts...)
		got := state(t, page, "")
		if got.Title != c.want || got.PID != os.Getpid() {
			t.Errorf("%q, %d, want %q", got.Title, got.PID, c.want)
		}
		title := template.HTMLEscapeString(c.want)
		if html := get(page, "/").Body.String(); !strings.Contains(html, "<strong>"+title+"</strong>") || !strings.Contains(html, "– "+title+"</title>") {
			t.Errorf("the page does not say %q", title)
		}
	}
}

// The three worst keys are named, each with the time when it tries again.
func TestIllKeysAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		_, keyed := newKeyed[string](t, registry, "Directory", "breaker per=tenant open=100s..10m probes=1")
		page := newPage(t, registry)
		keys := []string{"acme", "globex", "initech", "umbrella", "e", "f", "g", "h", "i"}
		for ill, all := range []string{
			1: "1 of 9 keys (per=tenant) is open", 2: "2 of 9 keys (per=tenant) are open",
			3: "3 of 9 keys (per=tenant) are open", 4: "4 of 9 keys (per=tenant) are open",
		} {
			for _, key := range keys {
				succeed(keyed.For(key), 1)
			}
			if ill > 0 {
				fail(keyed.For(keys[ill-1]), 9, errDown)
			}
			time.Sleep(20 * time.Second)
			findings := state(t, page, "").Clients[0].Findings
			if ill == 0 {
				if len(findings) > 0 {
					t.Errorf("%+v", findings)
				}
				continue
			}
			got := findings[0]
			named := 0
			for _, key := range keys[:ill] {
				if !strings.Contains(got.Text, key) {
					continue
				}
				named++
				if ill > 1 && !regexp.MustCompile(`next try .*for `+key+` in \d+ s`).MatchString(got.Next) {
					t.Errorf("it is not said when %s tries again: %q", key, got.Next)
				}
			}
			if named != min(ill, 3) || strings.Contains(got.Text, " and 1 more: ") != (ill > 3) || !strings.HasSuffix(got.Why, "; "+all) {
				t.Errorf("%q, %q, want %q", got.Text, got.Why, all)
			}
			if !strings.HasSuffix(got.Next, "one trial call. If it succeeds the breaker closes, if it fails it waits twice as long, up to 10 min") {
				t.Errorf("next: %q", got.Next)
			}
		}
	})
}

// A day that is not today's is named.
func TestSinceWhen(t *testing.T) {
	now := time.Date(2027, 3, 4, 1, 2, 3, 0, time.FixedZone("east", 3600))
	for ago, want := range map[time.Duration]string{
		time.Second:     "00:02:02 UTC",
		3 * time.Minute: "2027-03-03 23:59:03 UTC",
	} {
		if got := since(now, now.Add(-ago)); got != want {
			t.Errorf("%s ago is %s, want %s", ago, got, want)
		}
	}
}
