package generator

import (
	"strings"
	"testing"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// TestHedgeDiscardsWhatLosersOwn emits hedges that check refuses as long as
// nobody says that a method is safe.
func TestHedgeDiscardsWhatLosersOwn(t *testing.T) {
	pkgs := loaded(t, "testdata/golden", "./owned")
	m := model{ctx: t.Context(), pkg: pkgs[0]}
	m.build()
	src := m.sources[0]
	for _, method := range src.wrappers[0].methods {
		method.Policy.Retry, method.Policy.Hedge = nil, &resil.Hedge{Delay: time.Second, Max: 1}
	}
	code, err := emit(src)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`
		return c.next.Open(ctx, name)
	}, func(result io.ReadCloser) {
		resil.Discard(result)
	})
`, `
	}, func(resp *http.Response) {
		if resp != nil {
			resil.Discard(resp.Body)
		}
	})
`, `
	}, func(lane results) {
		resil.Discard(lane.r)
		resil.Discard(lane.w)
	})
`} {
		if !strings.Contains(string(code), want) {
			t.Errorf("the output lacks%s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", code)
	}
}
