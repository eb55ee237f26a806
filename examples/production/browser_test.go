package main

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write the pictures of the documentation again")

// A tab is a window of a real browser that shows the page.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open opens url in a browser, or skips the test where there is none.
func open(t *testing.T, url string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed, and CI=true: make servers installs it")
		}
		t.Skip("chromium is not installed: make servers installs it")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Getuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	b := &tab{t, ctx}
	b.do(chromedp.EmulateViewport(1000, 470), chromedp.Navigate(url))
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// text is the value of a JavaScript expression.
func (b *tab) text(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return text
}

// until waits for a JavaScript condition.
func (b *tab) until(condition string) {
	b.t.Helper()
	eventually(b.t, condition, func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("(() => { try { return !!("+condition+") } catch { return false } })()"))
		return is && err == nil // an error is a page that is about to go
	}, func() string { return b.text("document.body.innerText") })
}

// says waits until the first line of the page says something.
func (b *tab) says(summary string) {
	b.t.Helper()
	text, err := json.Marshal(summary)
	if err != nil {
		b.t.Fatal(err)
	}
	b.until(`document.querySelector("h1").innerText === ` + string(text))
}

// override fills in the form for overrides of a client and sends it.
func (b *tab) override(client, overrides string) {
	b.t.Helper()
	id := "#" + b.text(`[...document.querySelectorAll("section.client")].find((c) => c.querySelector("h2").innerText.trim().startsWith("`+client+`")).id`) + "-act"
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("` + id + `").open = true; document.querySelector("` + id + ` textarea").value = ""`))
	b.do(
		chromedp.SendKeys(chromedp.CSS(id+" textarea"), overrides),
		chromedp.SendKeys(chromedp.CSS(id+" .override [name=reason]"), "the database asks for less"),
		chromedp.SendKeys(chromedp.CSS(id+" .override [name=token]"), token),
		chromedp.Click(chromedp.CSS(id+" .override [name=confirm]")),
		chromedp.Click(chromedp.CSS(id+" .override [value=apply]")),
	)
}

// picture takes a picture of what is seen. With -update it goes to the documentation.
func (b *tab) picture(name string) {
	b.t.Helper()
	data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	dir := b.t.ArtifactDir()
	if *update {
		dir = filepath.Join("..", "..", "docs")
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
		b.t.Fatal(err)
	}
}

// eventually waits for something that is so soon.
func eventually(t *testing.T, what string, is func() bool, instead func() string) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(90 * time.Second); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not so: %s, but\n%s", what, instead())
		}
	}
}
