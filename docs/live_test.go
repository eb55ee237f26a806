package docs_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// TestLiveChangeOverrides applies the overrides that live-change.md shows to clients that
// have every policy.
func TestLiveChangeOverrides(t *testing.T) {
	page := read(t, "live-change.md")
	client := newOrders(t, new(orderService)).Resilience()
	apply := func(o resil.Overrides) {
		t.Helper()
		if err := client.Apply(o); err != nil {
			t.Error(err)
		}
	}
	pairs := regexp.MustCompile("`\"([a-z]+)\": \"([^\"`]*)\"`").FindAllStringSubmatch(page, -1)
	if len(pairs) < 5 {
		t.Errorf("the page shows %d overrides in code", len(pairs))
	}
	for _, m := range pairs {
		apply(resil.Overrides{"Orders": {m[1]: m[2]}})
	}
	objects := 0
	for _, b := range blocks(page) {
		text := b.text
		if b.language == "yaml" {
			_, text, _ = strings.Cut(text, "overrides.json: |\n")
			text, _, _ = strings.Cut(text, "---")
		} else if b.language != "json" {
			continue
		}
		objects++
		names := strings.NewReplacer("Users", "Orders", "GetUser", "Find")
		var o resil.Overrides
		if err := json.Unmarshal([]byte(names.Replace(text)), &o); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
		apply(o)
	}
	if objects != 2 {
		t.Errorf("the page shows %d objects, want the one that explains them and the ConfigMap", objects)
	}
}
