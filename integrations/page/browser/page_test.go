package browser

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestPicture(t *testing.T) {
	s := newScene(t)
	b := open(t, s.url, 1100)
	b.do(chromedp.Sleep(12 * time.Second))
	s.tenants.Store(true)
	b.do(chromedp.Sleep(3 * time.Second))
	s.down.Store(true)
	b.until(`document.querySelector(".client.down")`)
	b.do(chromedp.Sleep(6 * time.Second))
	b.picture("page.png")
	b.scheme("dark")
	b.picture("page-dark.png")
	b.scheme("light")
	b.resize(360, 800)
	b.picture("page-phone.png")
	b.resize(1100, 2200)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = true)`))
	b.do(chromedp.Sleep(2 * time.Second))
	b.picture("page-open.png")
}
