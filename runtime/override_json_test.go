package resil

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestOverridesInJSONHaveEachNameOnce(t *testing.T) {
	for text, want := range map[string]string{
		`{"Store": {"retry": "attempts=1"}, "Store": {"breaker": "open=1s"}}`:  `"Store" stands twice`,
		`{"Store": {"retry": "attempts=1", "retry": "attempts=5"}}`:            `"retry" stands twice`,
		`{"Store": {"retry": "attempts=1"}, "Store.Get": {"retry": "max=1s"}}`: "",
		`{"Store": {"retry": 1}}`: "cannot unmarshal",
		`null`:                    "",
	} {
		var o Overrides
		err := json.Unmarshal([]byte(text), &o)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || o != nil) {
			t.Errorf("%s: %v, %v", text, o, err)
		}
	}
}

func TestNameTwice(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "", `{"a": {"a": 1}, "b": {"a": 1}}`: "", `[{"a": 1}, {"a": 1}]`: "", `{"a": "a", "b": "a"}`: "", `{"a": ["a", "a"]}`: "",
		`{"a": 1, "a": 2}`: "a", `{"x": [{"b": null, "b": {}}]}`: "b", `{"a": {}, "b": [], "a": 0}`: "a", "{\"a\": 1, \"\\u0061\": 2}": "a", `"a"`: "",
	} {
		if got := nameTwice([]byte(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
