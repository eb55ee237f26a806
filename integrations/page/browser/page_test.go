package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	resil "github.com/resilgen/resilgen/runtime"
)

// The pictures of the documentation: one backend is killed, another fails for two tenants.
func TestPicture(t *testing.T) {
	s := newScene(t)
	b := open(t, s.url, 1000)
	pause := 3 * time.Second
	if *update {
		pause = 30 * time.Second // for lines that show how it began
	}
	b.do(chromedp.Sleep(3 * pause))
	s.tenants.Store(true)
	b.do(chromedp.Sleep(pause / 2))
	s.down.Store(true)
	b.until(`document.querySelector(".client.down")`)
	b.until(`document.querySelector(".client.ill")`)
	b.do(chromedp.Sleep(8 * time.Second))
	b.scheme("light")
	b.resize(1000, 840)
	b.picture("page.png")
	b.scheme("dark")
	b.picture("page-dark.png")
	b.scheme("light")
	b.resize(360, 740)
	b.picture("page-phone.png")
}

func TestWithoutScript(t *testing.T) {
	s := newScene(t)
	s.down.Store(true)
	b := &tab{t, browser(t)}
	b.resize(1000, 800)
	command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.do(chromedp.Navigate(s.url))
	b.eventually("the page shows it after it is loaded again", func() bool {
		b.do(chromedp.Navigate(s.url + "?refresh=1"))
		return strings.Contains(b.text(), "Payments is down")
	})
	as := regexp.MustCompile(`As of \S+`)
	var first, last string
	b.eventually("the page loads itself again", func() bool {
		last = as.FindString(b.text())
		first = cmp.Or(first, last)
		return last != "" && last != first
	})
	b.do(chromedp.Navigate(s.url))
	b.do(chromedp.Click(chromedp.CSS("#c2-act > summary")))
	b.do(chromedp.SendKeys(chromedp.CSS("#c2-act .force [name=token]"), token))
	b.do(chromedp.Click(chromedp.CSS("#c2-act .force [name=confirm]")))
	b.do(chromedp.Click(chromedp.CSS("#c2-act .force button")))
	b.eventually("a form works", func() bool { return s.client("Users").Breaker("Users").State() == resil.StateForcedOpen })
	b.eventually("the page says so", func() bool {
		return strings.Contains(b.text(), "Force breaker Users open for 5 min")
	})
}

// The page follows what happens, and leaves alone what the reader does.
func TestLive(t *testing.T) {
	s := newScene(t)
	b := open(t, s.url, 1000)
	b.until(`/^Live/.test(document.getElementById("live").textContent)`)
	b.do(chromedp.Evaluate[chromedp.Void](`
		window.first = document.getElementById("c4");
		document.querySelector("#c2-act > summary").click();
		document.querySelector("#c2-act [name=reason]").focus();
		document.querySelector("#c2-act [name=reason]").value = "half writ";
		document.querySelector("#c4-more > summary").click();
		document.getElementById("said").textContent`))
	quiet := eval[string](b, `document.getElementById("said").textContent`)
	s.tenants.Store(true)
	b.until(`document.querySelector("#c4.ill")`)
	b.until(`/of \d+ keys \(per=tenant\)/.test(document.querySelector("#c4 .findings").innerText)`)
	b.until(`document.querySelector("#c4 table.keys")`)
	if got := eval[string](b, `document.activeElement.name + "=" + document.activeElement.value`); got != "reason=half writ" {
		t.Errorf("the focus is on %s", got)
	}
	if !eval[bool](b, `window.first === document.getElementById("c4") && document.getElementById("c4-more").open`) {
		t.Error("what was there is replaced, or shut")
	}
	if got := eval[string](b, `[...document.querySelectorAll(".client")].map((c) => c.id).join(" ")`); got != "c1 c2 c3 c4" {
		t.Errorf("the order has changed under the reader's hands: %s", got)
	}
	said := eval[string](b, `document.getElementById("said").textContent`)
	if said == quiet || said != "Directory is ill; 3 are well" {
		t.Errorf("a change of state is announced as %q", said)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details[open]").forEach((d) => d.open = false); document.activeElement.blur()`))
	b.until(`document.querySelector(".client").id === "c4"`)
	if got := eval[string](b, "document.title"); got != "Directory is ill; 3 are well – shop on web-7" {
		t.Errorf("the title is %s", got)
	}

	s.page.Close()
	b.until(`/^Not live/.test(document.getElementById("live").textContent)`)
}

func TestFilter(t *testing.T) {
	s := newScene(t)
	s.tenants.Store(true)
	b := open(t, s.url, 1000)
	b.until(`document.querySelector("#c4.ill")`)
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "acme"))
	b.until(`document.querySelectorAll(".client").length === 1`)
	b.until(`document.querySelectorAll("table.keys tbody tr").length === 1`)
	if got := eval[string](b, "location.search"); got != "?q=acme" {
		t.Errorf("the address has %q", got)
	}
	b.do(chromedp.Sleep(2500 * time.Millisecond)) // two frames come
	if got := eval[int](b, `document.querySelectorAll(".client").length`); got != 1 {
		t.Errorf("the stream brings %d clients back", got)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`q.value = "no such thing"; q.dispatchEvent(new Event("input"))`))
	b.until(`!document.getElementById("none").hidden`)
	b.do(chromedp.Evaluate[chromedp.Void](`q.value = ""; q.dispatchEvent(new Event("input"))`))
	b.until(`document.querySelectorAll(".client").length === 4`)
}

// One click leads from a method to its policy.
func TestPolicy(t *testing.T) {
	s := newScene(t)
	s.down.Store(true)
	b := open(t, s.url, 1000)
	b.until(`document.querySelector("#c1.down")`)
	b.do(chromedp.Click(chromedp.CSS("#c1-more > summary")))
	b.do(chromedp.Click(chromedp.CSS("#c1-p-GetPayment > summary")))
	want := s.client("Payments").Spec().Methods[1].Policies.Words()
	text := b.text()
	for _, line := range want {
		if !strings.Contains(text, line[1:]) {
			t.Errorf("the page does not say %q", line)
		}
	}
	b.do(chromedp.Sleep(2500 * time.Millisecond))
	if !eval[bool](b, `document.getElementById("c1-p-GetPayment").open`) {
		t.Error("it is shut again")
	}
}

// Without a mouse: to a form, through it, and to what came of it.
func TestKeyboard(t *testing.T) {
	s := newScene(t)
	b := open(t, s.url, 1000)
	b.until(`/^Live/.test(document.getElementById("live").textContent)`)
	focus := func() string {
		return eval[string](b, `(() => { const e = document.activeElement; return (e.closest("[id]") || e).id + " " + (e.name || e.tagName) })()`)
	}
	tabTo := func(want string) {
		t.Helper()
		var seen []string
		for range 60 {
			b.do(chromedp.KeyEvent(kb.Tab))
			at := focus()
			if at == want {
				if eval[string](b, "getComputedStyle(document.activeElement).outlineStyle") == "none" {
					t.Errorf("%s shows no focus", want)
				}
				return
			}
			seen = append(seen, at)
		}
		t.Fatalf("Tab does not reach %s, but %s", want, strings.Join(seen, ", "))
	}
	b.do(chromedp.KeyEvent(kb.Tab))
	if got := eval[string](b, "document.activeElement.className"); got != "skip" {
		t.Errorf("Tab reaches first %s", got)
	}
	tabTo("c1-act SUMMARY")
	b.do(chromedp.KeyEvent(kb.Enter))
	tabTo("c1-act do")
	tabTo("c1-act token")
	b.do(chromedp.KeyEvent(token))
	b.do(chromedp.KeyEvent(kb.Enter)) // not confirmed
	b.do(chromedp.Sleep(300 * time.Millisecond))
	if s.client("Payments").Breaker("Payments").State() != resil.StateClosed {
		t.Fatal("it is done unconfirmed")
	}
	for focus() != "c1-act confirm" {
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	b.do(chromedp.KeyEvent(" "))
	b.do(chromedp.KeyEvent(kb.Tab))
	b.do(chromedp.KeyEvent(kb.Enter))
	b.eventually("the breaker is forced open", func() bool {
		return s.client("Payments").Breaker("Payments").State() == resil.StateForcedOpen
	})
	b.until(`/Force breaker Payments open for 5 min/.test(document.getElementById("record").innerText)`)
	b.until(`/forced open: calls are not sent for/.test(document.querySelector("#c1").innerText)`)
	b.until(`location.hash === "#record"`)
}

// Faults on purpose are seen by all, and stopped by those who may.
func TestFaultsOnPurpose(t *testing.T) {
	s := newScene(t)
	b := open(t, s.url, 1000)
	b.until(`/^Live/.test(document.getElementById("live").textContent)`)
	if eval[bool](b, `!!document.getElementById("chaos")`) {
		t.Error("there are none")
	}
	s.faults(t, "Search")
	b.until(`/Faults on purpose in Search/.test(document.getElementById("chaos").innerText)`)
	b.until(`document.querySelector("#c3-act form.chaos")`)
	b.picture("page-chaos.png")
	b.do(chromedp.Click(chromedp.CSS("#c3-act > summary")))
	b.do(chromedp.SendKeys(chromedp.CSS("#c3-act .chaos [name=token]"), token))
	b.do(chromedp.Click(chromedp.CSS("#c3-act .chaos [name=confirm]")))
	b.do(chromedp.Click(chromedp.CSS("#c3-act .chaos button")))
	b.until(`location.hash === "#record" && !document.getElementById("chaos")`)
	if _, on := s.client("Search").Chaos(); on {
		t.Error("they go on")
	}
}

func TestAWrongOverrideIsRefused(t *testing.T) {
	s := newScene(t)
	b := open(t, s.url, 1000)
	send := func(overrides, secret string) {
		t.Helper()
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#c1-act").open = true`))
		text, _ := json.Marshal(overrides)
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#c1-act [name=overrides]").value = ` + string(text)))
		b.do(chromedp.SendKeys(chromedp.CSS("#c1-act .override [name=token]"), secret))
		b.do(chromedp.Click(chromedp.CSS("#c1-act .override [name=confirm]")))
		b.do(chromedp.Click(chromedp.CSS("#c1-act .override button")))
	}
	const wrong = `{"Payments": {"breaker": "open=soon"}}`
	send(wrong, token)
	b.until(`document.activeElement.id === "failed"`)
	if text := b.text(); !strings.Contains(text, "Not done.") || !strings.Contains(text, "open") {
		t.Errorf("the page says %s", text)
	}
	if got := eval[string](b, `document.querySelector("#c1-act [name=overrides]").value`); got != wrong {
		t.Errorf("what was written has become %q", got)
	}
	if s.client("Payments").Overrides() != nil {
		t.Error("something is overridden")
	}
	send(`{"Payments": {"breaker": "open=3s"}}`, "a token that is wrong")
	b.until(`/the token is wrong/.test(document.getElementById("failed")?.innerText)`)
	send(`{"Payments": {"breaker": "open=3s"}}`, token)
	b.until(`document.querySelector("#c1 .chip")`)
	if got := s.client("Payments").Overrides()["Payments"]["breaker"]; got != "open=3s" {
		t.Errorf("in force is %q", got)
	}
}

// No width makes the page scroll sideways, whatever is open.
func TestWidths(t *testing.T) {
	s := newScene(t)
	s.down.Store(true)
	s.tenants.Store(true)
	s.faults(t, "Search")
	b := open(t, s.url, 360)
	b.until(`document.querySelector("#c1.down") && document.querySelector("#c4.ill")`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = true)`))
	b.until(`document.getElementById("chaos")`)
	for _, width := range []int64{320, 360, 414, 768, 1280} {
		b.resize(width, 800)
		if got := eval[int64](b, "document.documentElement.scrollWidth"); got > width {
			wide := eval[string](b, `[...document.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".wide")).map((e) => e.tagName + "." + e.className).join(" ")`)
			t.Errorf("at %d the page is %d wide: %s", width, got, wide)
		}
	}
}

// All text has the contrast that WCAG 2 AA asks for, in light and in dark.
func TestContrast(t *testing.T) {
	s := newScene(t)
	s.down.Store(true)
	s.tenants.Store(true)
	s.faults(t, "Search")
	b := open(t, s.url, 1000)
	b.until(`document.querySelector("#c1.down") && document.querySelector("#c4.ill")`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = true)`))
	b.until(`document.getElementById("chaos")`)
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.do(chromedp.Sleep(200 * time.Millisecond))
		for _, poor := range eval[[]string](b, contrast) {
			t.Errorf("%s: %s", scheme, poor)
		}
	}
}

// contrast lists elements whose text stands out too little from what is behind it.
const contrast = `(() => {
	const rgb = (c) => (c.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
	const light = (c) => {
		const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = rgb(getComputedStyle(e).backgroundColor);
			if (c.length < 4 || c[3] === 1) return c;
		}
		return [255, 255, 255];
	};
	const poor = [];
	for (const e of document.querySelectorAll("body *")) {
		const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
		if (!text && !e.placeholder || !e.checkVisibility() || e.closest(".hidden, .skip, option, noscript")) continue;
		const style = getComputedStyle(e, e.placeholder ? "::placeholder" : null), size = parseFloat(style.fontSize);
		const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
		const [a, b] = [light(rgb(style.color)), light(behind(e))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < (large ? 3 : 4.5)) poor.push(e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 30) + ": " + ratio.toFixed(2));
	}
	return poor;
})()`

// A screen reader hears names for all that can be used, and tables as tables.
func TestAccessibility(t *testing.T) {
	s := newScene(t)
	s.down.Store(true)
	s.tenants.Store(true)
	s.faults(t, "Search")
	b := open(t, s.url, 1000)
	b.until(`document.querySelector("#c1.down") && document.querySelector("#c4.ill")`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = true)`))
	var nodes []*accessibility.Node
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		nodes = tree.Nodes
		return err
	}))
	roles := map[string]int{}
	for _, n := range nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role, name := word(n.Role), word(n.Name)
		roles[role]++
		switch role {
		case "button", "link", "textbox", "combobox", "checkbox", "table", "region", "image", "group", "form", "search", "searchbox":
			if name == "" && role != "search" && role != "group" && role != "form" {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	for _, role := range []string{"table", "columnheader", "rowheader", "caption", "heading", "status", "main", "banner", "search", "region", "image"} {
		if roles[role] == 0 && !(role == "caption" && roles["Caption"] > 0) {
			t.Errorf("there is no %s; there are %v", role, roles)
		}
	}
	if ids := eval[string](b, `(() => { const seen = new Set(), twice = []; document.querySelectorAll("[id]").forEach((e) => seen.has(e.id) ? twice.push(e.id) : seen.add(e.id)); return twice.join(" ") })()`); ids != "" {
		t.Errorf("these IDs are there twice: %s", ids)
	}
}

// word is the text of a value of the accessibility tree.
func word(v *accessibility.Value) (text string) {
	if v != nil {
		json.Unmarshal(v.Value, &text)
	}
	return text
}

// Nothing on the page breaks its own policy, and nothing is asked of others.
func TestPolicyOfContent(t *testing.T) {
	s := newScene(t)
	s.down.Store(true)
	b := open(t, s.url, 1000)
	b.until(`document.querySelector("#c1.down")`)
	b.do(chromedp.Evaluate[chromedp.Void](`
		window.broken = [];
		addEventListener("securitypolicyviolation", (e) => broken.push(e.violatedDirective));
		document.querySelectorAll("details").forEach((d) => d.open = true)`))
	b.do(chromedp.Sleep(2500 * time.Millisecond))
	if got := eval[[]string](b, "broken"); len(got) > 0 {
		t.Errorf("broken: %v", got)
	}
	others := eval[[]string](b, `performance.getEntriesByType("resource").map((r) => r.name).filter((n) => !n.startsWith(location.origin))`)
	if len(others) > 0 {
		t.Errorf("the page asks %v", others)
	}
}
