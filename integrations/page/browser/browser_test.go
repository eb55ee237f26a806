package browser

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write the pictures of the documentation again")

// A tab is a window of a browser with a page in it.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open opens a page in a real browser, of a width in CSS pixels.
func open(t *testing.T, url string, width int, opts ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	b := &tab{t, browser(t)}
	b.resize(int64(width), 900)
	b.do(opts...)
	b.do(chromedp.Navigate(url))
	return b
}

// browser starts a browser, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed, and CI=true: install it, make servers does")
		}
		t.Skip("chromium is not installed: make servers installs it")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Getuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	return ctx
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// command is a command of the browser.
func command[P, R any](b *tab, cmd cdp.Command[P, R], params P) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, cmd, params)
		return err
	}))
}

// scheme shows the page in light or dark.
func (b *tab) scheme(name string) {
	b.t.Helper()
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
}

// resize gives the page another size.
func (b *tab) resize(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// eval is the value of a JavaScript expression.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits for a JavaScript condition.
func (b *tab) until(condition string) {
	b.t.Helper()
	b.eventually(condition, func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("(() => { try { return !!("+condition+") } catch { return false } })()"))
		return is && err == nil // an error is a page that is about to go
	})
}

// text is what the page shows, also without script, or nothing while another is about to come.
func (b *tab) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		return ""
	}
	return text
}

// eventually waits for something that is so soon.
func (b *tab) eventually(what string, is func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); b.do(chromedp.Sleep(100 * time.Millisecond)) {
		if time.Now().After(deadline) {
			b.t.Fatalf("not so: %s; the page says\n%s", what, b.text())
		}
	}
}
