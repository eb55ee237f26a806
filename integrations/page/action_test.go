package resilpage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// An audit collects actions.
type audit struct{ actions []Action }

func (a *audit) add(_ context.Context, action Action) { a.actions = append(a.actions, action) }

func (a *audit) last(t *testing.T) Action {
	t.Helper()
	if len(a.actions) == 0 {
		t.Fatal("nothing is told of the action")
	}
	return a.actions[len(a.actions)-1]
}

// ann lets everybody act, as ann.
func ann(*http.Request) (string, error) { return "ann", nil }

func form(pairs ...string) url.Values {
	v := url.Values{"client": {"c1"}, "confirm": {"yes"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func TestActionsAreOffByDefault(t *testing.T) {
	registry := new(resil.Registry)
	b := newClient(t, registry, "Users", "breaker").Breaker("Users")
	page := newPage(t, registry)
	if html := get(page, "/").Body.String(); strings.Contains(html, `method="post"`) {
		t.Error("the page offers actions")
	}
	if w := post(page, form("do", "force-open", "breaker", "Users")); w.Code != http.StatusForbidden || b.State() != resil.StateClosed {
		t.Errorf("%d, %s", w.Code, b.State())
	}
}

func TestNobodyMayActWithoutAFunction(t *testing.T) {
	for name, f := range map[string]func(){
		"no function":   func() { WithActions(nil) },
		"a short token": func() { WithToken("hunter2") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(name, "is accepted")
				}
			}()
			f()
		}()
	}
}

// Who may not act, and how: each of these changes nothing.
func TestRefusedActions(t *testing.T) {
	const token = "0123456789abcdef"
	good := form("do", "force-open", "breaker", "Users", "token", token)
	without := func(name string) url.Values {
		v := url.Values{}
		for k, values := range good {
			if k != name {
				v[k] = values
			}
		}
		return v
	}
	with := func(name, value string) url.Values {
		v := without(name)
		v.Set(name, value)
		return v
	}
	for _, c := range []struct {
		what   string
		form   url.Values
		change []func(*http.Request)
		want   int
	}{
		{"another site", good, []func(*http.Request){header("Sec-Fetch-Site", "cross-site")}, 403},
		{"another port of the host", good, []func(*http.Request){header("Sec-Fetch-Site", "same-site")}, 403},
		{"another site in an old browser", good, []func(*http.Request){header("Sec-Fetch-Site", ""), header("Origin", "https://evil.example")}, 403},
		{"a sandboxed frame", good, []func(*http.Request){header("Sec-Fetch-Site", ""), header("Origin", "null")}, 403},
		{"a rebound name", good, []func(*http.Request){header("Origin", "http://evil.example"), func(r *http.Request) { r.Host = "evil.example" }}, 421},
		{"GET", good, []func(*http.Request){func(r *http.Request) { r.Method, r.URL.RawQuery = "GET", good.Encode() }}, 200},
		{"text/plain", good, []func(*http.Request){header("Content-Type", "text/plain")}, 415},
		{"JSON", good, []func(*http.Request){header("Content-Type", "application/json")}, 415},
		{"no token", without("token"), nil, 403},
		{"a wrong token", with("token", "0123456789abcdeX"), nil, 403},
		{"a wrong bearer", without("token"), []func(*http.Request){header("Authorization", "Bearer 0123456789abcdeX")}, 403},
		{"a token in the address", without("token"), []func(*http.Request){func(r *http.Request) { r.URL.RawQuery = "token=" + token }}, 403},
		{"not confirmed", without("confirm"), nil, 400},
		{"no client", with("client", "c9"), nil, 404},
		{"another client since a restart", with("named", "Orders"), nil, 409},
		{"no breaker", with("breaker", "Nobody"), nil, 404},
		{"no action", with("do", "explode"), nil, 400},
		{"no time", with("for", "soon"), nil, 400},
		{"a time below zero", with("for", "-5m"), nil, 400},
		{"a time of years", with("for", "90000h"), nil, 400},
		{"too large", with("reason", strings.Repeat("x", maxForm)), nil, 400},
	} {
		t.Run(c.what, func(t *testing.T) {
			registry := new(resil.Registry)
			b := newClient(t, registry, "Users", "breaker").Breaker("Users")
			var told audit
			page := newPage(t, registry, WithToken(token), WithAudit(told.add))
			w := post(page, c.form, c.change...)
			if w.Code != c.want {
				t.Errorf("it answers %d, want %d: %s", w.Code, c.want, w.Body)
			}
			if b.State() != resil.StateClosed {
				t.Errorf("the breaker is %s", b.State())
			}
			if len(told.actions) > 0 && told.last(t).Error == "" {
				t.Errorf("it is told as done: %+v", told.last(t))
			}
			if c.want == 403 && strings.Contains(c.what, "token") && told.last(t).Client != "Users" {
				t.Errorf("a guess is not told of: %+v", told.actions)
			}
			if strings.Contains(c.what, "another site") && told.last(t).From == "" {
				t.Error("an attempt of another site is not told of")
			}
			if strings.Contains(w.Body.String(), token) {
				t.Error("the answer shows the token")
			}
		})
	}
}

func TestActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		client := newClient(t, registry, "Users", "breaker", "retry 3")
		b := client.Breaker("Users")
		var told audit
		page := newPage(t, registry, WithActions(ann), WithAudit(told.add))
		for _, c := range []struct {
			form  url.Values
			state resil.State
			later resil.State // six minutes on
			says  string
		}{
			{form("do", "force-open", "breaker", "Users", "for", "5m"), resil.StateForcedOpen, resil.StateClosed, "force breaker Users open for 5 min"},
			{form("do", "force-close", "breaker", "Users", "for", "1m"), resil.StateForcedClosed, resil.StateClosed, "force breaker Users closed for 60 s"},
			{form("do", "force-open", "breaker", "Users", "for", ""), resil.StateForcedOpen, resil.StateForcedOpen, "force breaker Users open until it is reset"},
			{form("do", "force-close", "breaker", "Users"), resil.StateForcedClosed, resil.StateForcedClosed, "force breaker Users closed until it is reset"},
			{form("do", "reset", "breaker", "Users", "for", "5m"), resil.StateClosed, resil.StateClosed, "reset breaker Users"},
		} {
			c.form.Set("reason", "the disk is full")
			w := post(page, c.form)
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "?#record" {
				t.Fatalf("%s: %d, to %q: %s", c.says, w.Code, w.Header().Get("Location"), w.Body)
			}
			if b.State() != c.state {
				t.Errorf("%s: the breaker is %s", c.says, b.State())
			}
			a := told.last(t)
			if a.String() != c.says || a.Who != "ann" || a.Reason != "the disk is full" || a.Error != "" || a.From == "" || a.Client != "Users" {
				t.Errorf("it is told as %+v, %q", a, a)
			}
			if html := get(page, "/").Body.String(); !strings.Contains(html, capital(c.says)) || !strings.Contains(html, "by ann, “the disk is full”") {
				t.Errorf("the page does not say %q at once", c.says)
			}
			time.Sleep(6 * time.Minute)
			if b.State() != c.later {
				t.Errorf("%s: six minutes later the breaker is %s", c.says, b.State())
			}
		}
		if n := len(state(t, page, "").Actions); n != 5 {
			t.Errorf("%d actions are recorded", n)
		}
		for range 30 {
			post(page, form("do", "reset", "breaker", "Users"))
		}
		if n := len(state(t, page, "").Actions); n != recorded {
			t.Errorf("%d actions are recorded", n)
		}
	})
}

func TestOverridesAreAppliedAndDropped(t *testing.T) {
	registry := new(resil.Registry)
	client := newClient(t, registry, "Users", "breaker", "retry 3")
	var told audit
	page := newPage(t, registry, WithActions(ann), WithAudit(told.add))
	before := version(nil)

	w := post(page, form("do", "apply", "was", before, "overrides", `{"Users": {"breaker": "open=5s", "retry": "attempts=2"}}`))
	want := resil.Overrides{"Users": {"breaker": "open=5s", "retry": "attempts=2"}}
	if w.Code != http.StatusSeeOther || !reflect.DeepEqual(client.Overrides(), want) || !reflect.DeepEqual(told.last(t).Overrides, want) {
		t.Fatalf("%d: %v\n%s", w.Code, client.Overrides(), w.Body)
	}
	if html := get(page, "/").Body.String(); !strings.Contains(html, "2 overrides") || !strings.Contains(html, "open=5s") {
		t.Error("the page does not show what is overridden")
	}
	if got := state(t, page, "").Clients[0].Methods[0].Overridden; strings.Join(got, ", ") != "breaker open=5s (Users), retry attempts=2 (Users)" {
		t.Errorf("of the method it says that overridden is %q", got)
	}
	now := version(client.Overrides())

	for _, c := range []struct {
		overrides, was string
		code           int
		says           string
	}{
		{`{"Users": {"breaker": "open=never"}}`, now, 422, "open"},
		{`{"Orders": {"breaker": "open=1s"}}`, now, 422, "Orders"},
		{`{"Users": {"limit": "10/s"}}`, now, 422, "the client has none"},
		{`{"Users": `, now, 400, "not JSON"},
		{`["Users"]`, now, 400, "not JSON"},
		{`{"Users": {"breaker": "open=1s"}} x`, now, 400, "after the JSON"},
		{`{"Users": {"breaker": "open=1s"}}}`, now, 400, "after the JSON"},
		{`{"Users": {"breaker": "open=1s"}, "Users": {"retry": "attempts=4"}}`, now, 400, "Users&#34; stands twice"},
		{`{"Users": {"retry": "attempts=1", "retry": "attempts=4"}}`, now, 400, "retry&#34; stands twice"},
		{`{}`, now, 400, "drop them"},
		{`{"Users": {"breaker": "open=1s"}}`, before, 409, "changed since"},
		{`{"<b>": {"breaker": "open=1s"}}`, now, 422, "&lt;b&gt;"},
	} {
		w := post(page, form("do", "apply", "was", c.was, "overrides", c.overrides))
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d, without %q:\n%s", c.overrides, w.Code, c.says, w.Body)
		}
		if !strings.Contains(w.Body.String(), `role="alert"`) || !strings.Contains(w.Body.String(), "Not done.") {
			t.Errorf("%s: the page does not say that it is not done", c.overrides)
		}
		if html := w.Body.String(); strings.Contains(c.overrides, "never") && !strings.Contains(html, "open=never") {
			t.Errorf("what was written is lost: %s", html)
		}
		if !reflect.DeepEqual(client.Overrides(), want) {
			t.Errorf("%s: in force is %v", c.overrides, client.Overrides())
		}
		if told.last(t).Error == "" {
			t.Errorf("%s: it is told as done", c.overrides)
		}
	}
	if w := post(page, form("do", "drop", "was", now)); w.Code != http.StatusSeeOther || client.Overrides() != nil {
		t.Errorf("%d: %v", w.Code, client.Overrides())
	}
}

func TestNoOverridesAreTheSameInAMapOrNot(t *testing.T) {
	none := version(nil)
	if got := version(resil.Overrides{}); got != none {
		t.Errorf("an empty map is %q, none %q", got, none)
	}
	if got := version(resil.Overrides{"Users": {"breaker": "open=5s"}}); got == none {
		t.Errorf("overrides are %q, as none are", got)
	}
}

func TestActionsOnAKey(t *testing.T) {
	registry := new(resil.Registry)
	client, keyed := newKeyed[string](t, registry, "Users", "breaker per=tenant")
	var told audit
	page := newPage(t, registry, WithActions(ann), WithAudit(told.add))
	fail(keyed.For("<acme>"), 9, errDown)
	fail(keyed.For("globex"), 1, errDown)
	state := func(key string) resil.State { return client.Stats().Breaker("Users", key).State }

	id := stateOf(t, page).Clients[0].Breakers[0].Worst[0].KeyID
	if w := post(page, form("do", "reset", "breaker", "Users", "key", id)); w.Code != http.StatusSeeOther || state("<acme>") != resil.StateClosed {
		t.Errorf("%d, %s: %s", w.Code, state("<acme>"), w.Body)
	}
	if told.last(t).String() != "reset breaker Users of <acme>" {
		t.Errorf("%s", told.last(t))
	}
	for _, key := range []string{"globex", "never seen"} {
		if w := post(page, form("do", "force-open", "breaker", "Users", "keytext", key)); w.Code != http.StatusSeeOther || state(key) != resil.StateForcedOpen {
			t.Errorf("%q: %d, %s: %s", key, w.Code, state(key), w.Body)
		}
	}
	for _, f := range []url.Values{
		form("do", "reset", "breaker", "Users"),
		form("do", "reset", "breaker", "Users", "key", "0000000000000000"),
	} {
		if w := post(page, f); w.Code != http.StatusBadRequest && w.Code != http.StatusNotFound {
			t.Errorf("%v: %d", f, w.Code)
		}
	}
	if state("globex") != resil.StateForcedOpen || state("<acme>") != resil.StateClosed {
		t.Error("another key has changed")
	}
}

// Two keys that look alike are told apart in the list, and refused as text.
func TestKeysThatLookAlike(t *testing.T) {
	registry := new(resil.Registry)
	client, keyed := newKeyed[alike](t, registry, "Users", "breaker per=tenant")
	page := newPage(t, registry, WithActions(ann), WithAudit((&audit{}).add))
	fail(keyed.For(alike{1}), 9, errDown)
	fail(keyed.For(alike{2}), 9, errDown)
	worst := stateOf(t, page).Clients[0].Breakers[0].Worst
	if worst[0].Key != worst[1].Key || worst[0].KeyID == worst[1].KeyID {
		t.Fatalf("%+v", worst)
	}
	if w := post(page, form("do", "reset", "breaker", "Users", "keytext", "tenant")); w.Code != http.StatusConflict {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	post(page, form("do", "reset", "breaker", "Users", "key", worst[1].KeyID))
	open := 0
	for _, k := range []alike{{1}, {2}} {
		if client.Stats().Breaker("Users", k).State == resil.StateOpen {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d are open", open)
	}
	if w := post(page, form("do", "reset", "breaker", "Users", "keytext", "another")); w.Code != http.StatusNotFound {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

type alike struct{ n int }

func (alike) String() string { return "tenant" }

func stateOf(t *testing.T, p *Page) State { return state(t, p, "") }

func TestProgramsAct(t *testing.T) {
	registry := new(resil.Registry)
	b := newClient(t, registry, "Users", "breaker").Breaker("Users")
	page := newPage(t, registry, WithToken("0123456789abcdef"), WithAudit((&audit{}).add))
	// curl sends neither Sec-Fetch-Site nor Origin.
	curl := []func(*http.Request){header("Sec-Fetch-Site", ""), header("Origin", ""), header("Accept", "application/json"), header("Authorization", "Bearer 0123456789abcdef")}
	w := post(page, form("client", "Users", "do", "force-open", "breaker", "Users", "for", "90s"), curl...)
	var a Action
	decode(t, w.Body, &a)
	if w.Code != http.StatusOK || a.Error != "" || a.For != 90 || b.State() != resil.StateForcedOpen {
		t.Errorf("%d: %+v", w.Code, a)
	}
	w = post(page, form("do", "force-open", "breaker", "Orders"), curl...)
	a = Action{}
	decode(t, w.Body, &a)
	if w.Code != http.StatusNotFound || a.Error != `Users has no circuit breaker "Orders".` {
		t.Errorf("%d: %+v", w.Code, a)
	}
}

func TestActionsAreLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	registry := new(resil.Registry)
	newClient(t, registry, "Users", "breaker")
	page := newPage(t, registry, WithActions(ann))
	post(page, form("do", "force-open", "breaker", "Users", "reason", "x\ny=\"z"))
	post(page, form("do", "apply", "overrides", "{"))
	for i, want := range [][]string{
		{"level=WARN", "resil.page.action", `action="force breaker Users open until it is reset"`, "who=ann", `reason="x y=\"z"`},
		{"level=WARN", "refused", "error=", "who=ann"},
	} {
		line := strings.Split(log.String(), "\n")[i]
		for _, text := range want {
			if !strings.Contains(line, text) {
				t.Errorf("the log has no %s in %s", text, line)
			}
		}
	}
}

// Neither the function that says who may act nor the one that is told can break the page.
func TestFunctionsOfTheProgramThatFail(t *testing.T) {
	registry := new(resil.Registry)
	b := newClient(t, registry, "Users", "breaker").Breaker("Users")
	page := newPage(t, registry,
		WithActions(func(*http.Request) (string, error) {
			return "", fmt.Errorf("session of <b>: %w", errors.New("password=hunter2"))
		}),
		WithAudit(func(context.Context, Action) { panic("disk full") }))
	w := post(page, form("do", "force-open", "breaker", "Users"))
	if body := w.Body.String(); w.Code != http.StatusForbidden || strings.Contains(body, "hunter2") || strings.Contains(body, "<b>") || b.State() != resil.StateClosed {
		t.Errorf("%d: %s", w.Code, body)
	}
}

// An action that nobody could say anything about is told of, and not done.
func TestAnAuthorizeThatPanicsIsToldOf(t *testing.T) {
	registry := new(resil.Registry)
	b := newClient(t, registry, "Users", "breaker").Breaker("Users")
	var told audit
	page := newPage(t, registry, WithActions(func(*http.Request) (string, error) { panic("no session") }), WithAudit(told.add))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the server is not told of the panic")
			}
		}()
		post(page, form("do", "force-open", "breaker", "Users"))
	}()
	if a := told.last(t); a.Client != "Users" || a.Error == "" || b.State() != resil.StateClosed {
		t.Errorf("%+v, the breaker is %s", a, b.State())
	}
}

// A client may have the name that is another's ID.
func TestAClientIsNeverTakenForAnother(t *testing.T) {
	registry := new(resil.Registry)
	users := newClient(t, registry, "Users", "breaker")
	c1 := newClient(t, registry, "c1", "breaker")
	page := newPage(t, registry, WithActions(ann))
	if w := post(page, form("do", "force-open", "breaker", "c1")); w.Code != http.StatusNotFound {
		t.Errorf("either of two: %d", w.Code)
	}
	post(page, form("named", "Users", "breaker", "Users", "do", "force-open"))
	post(page, form("named", "c1", "breaker", "c1", "do", "force-close"))
	if users.Breaker("Users").State() != resil.StateForcedOpen || c1.Breaker("c1").State() != resil.StateForcedClosed {
		t.Errorf("%s, %s", users.Breaker("Users").State(), c1.Breaker("c1").State())
	}
}

// A number that is written for a key is that number, or no key.
func TestKeysAreWrittenAsText(t *testing.T) {
	writesKey[string](t, "acme", "acme")
	writesKey(t, "-7", -7)
	writesKey(t, "-7", int8(-7))
	writesKey(t, "7", int16(7))
	writesKey(t, "7", int32(7))
	writesKey(t, "7", int64(7))
	writesKey(t, "7", uint(7))
	writesKey(t, "7", uint8(7))
	writesKey(t, "7", uint16(7))
	writesKey(t, "7", uint32(7))
	writesKey(t, "18446744073709551615", uint64(1<<64-1))
	writesKey[int8](t, "257")
	writesKey[int32](t, "4294967297")
	writesKey[int64](t, "18446744073709551617")
	writesKey[uint](t, "-1")
	writesKey[int](t, "acme")
}

// writesKey forces the breaker of a key of a type open, by text. Without a want it is refused.
func writesKey[K comparable](t *testing.T, text string, want ...K) {
	t.Helper()
	registry := new(resil.Registry)
	client, _ := newKeyed[K](t, registry, "Users", "breaker per=key")
	w := post(newPage(t, registry, WithActions(ann)), form("do", "force-open", "breaker", "Users", "keytext", text))
	held := client.Stats().WorstKeys("Users", 9)
	switch {
	case len(want) == 0 && (w.Code != http.StatusNotFound || len(held) > 0):
		t.Errorf("%q of %T: %d, forced is %v", text, *new(K), w.Code, held)
	case len(want) > 0 && (w.Code != http.StatusSeeOther || len(held) != 1 || held[0].Key != any(want[0])):
		t.Errorf("%q of %T: %d, forced is %v", text, *new(K), w.Code, held)
	}
}

// What is shown of a key may be the text of another, which is healthy and in no list.
func TestAKeyThatLooksLikeAnotherIsNotTakenForIt(t *testing.T) {
	for _, other := range []string{" acme", "acme\n", "acme "} {
		registry := new(resil.Registry)
		client, keyed := newKeyed[string](t, registry, "Users", "breaker per=tenant")
		fail(keyed.For(other), 9, errDown)
		succeed(keyed.For("acme"), 9)
		w := post(newPage(t, registry, WithActions(ann)), form("do", "reset", "breaker", "Users", "keytext", "acme"))
		if w.Code != http.StatusConflict || client.Breaker("Users").For(other).State() != resil.StateOpen {
			t.Errorf("%q: %d, %s", other, w.Code, client.Breaker("Users").For(other).State())
		}
	}
}

func TestAKeyThatIsChosenBesideOneThatIsWritten(t *testing.T) {
	registry := new(resil.Registry)
	client, keyed := newKeyed[string](t, registry, "Users", "breaker per=tenant")
	fail(keyed.For("acme"), 9, errDown)
	page := newPage(t, registry, WithActions(ann))
	id := stateOf(t, page).Clients[0].Breakers[0].Worst[0].KeyID
	w := post(page, form("do", "reset", "breaker", "Users", "key", id, "keytext", "globex"))
	if w.Code != http.StatusBadRequest || client.Breaker("Users").For("acme").State() != resil.StateOpen {
		t.Errorf("%d, %s", w.Code, client.Breaker("Users").For("acme").State())
	}
}
