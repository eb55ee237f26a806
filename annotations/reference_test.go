package annotations_test

import (
	"strings"
	"testing"

	"github.com/resilgen/resilgen/annotations"
)

// TestReferencesSayWhereDirectivesMayStand writes every directive in every place:
// the reference must agree with what is refused there.
func TestReferencesSayWhereDirectivesMayStand(t *testing.T) {
	samples := map[string]string{"budget": "10%", "func": "f"} // for keys that may not stand everywhere
	places := map[string]string{
		"an interface":          "DIRECTIVE\ntype I interface { M() error }",
		"an embedded interface": "type I interface {\nDIRECTIVE\nE\n}",
		"a method":              "type I interface {\nDIRECTIVE\nM() error\n}",
	}
	check := func(directive, allowed string) {
		for place, source := range places {
			_, _, diagnostics := read(t, strings.Replace(source, "DIRECTIVE", directive, 1))
			refused := strings.Contains(lines(diagnostics), "[RG014]")
			if may := strings.Contains(" "+allowed, " "+place); refused == may {
				t.Errorf("%s on %s: refused is %v, and the reference says %q\n%s", directive, place, refused, allowed, lines(diagnostics))
			}
		}
	}
	for _, r := range annotations.References() {
		if strings.Contains(r.Place, "group") {
			continue
		}
		check("//resil:"+r.Name, r.Place)
		for _, k := range r.Keys {
			_, only, ok := strings.Cut(k.Help, "; on ")
			if !ok {
				continue
			}
			if samples[k.Name] == "" {
				t.Errorf("%s %s: this test needs a sample of a value", r.Name, k.Name)
			}
			check("//resil:"+r.Name+" "+k.Name+"="+samples[k.Name], only)
		}
	}
}

func TestReferencesPutRangesInWords(t *testing.T) {
	want := map[string]string{
		"timeout total":   "above 0s",
		"retry attempts":  "1 to 1000000",
		"retry factor":    "1 or more",
		"retry budget":    "above 0%, up to 100%, or off",
		"retry backoff":   "",
		"breaker window":  "10ms or more",
		"breaker slow":    "above 0s, or off",
		"limit burst":     "1 or more",
		"classify by":     "",
		"bulkhead wait":   "0s or more",
		"breaker keys":    "1 or more",
		"hedge max":       "1 to 100",
		"fallback func":   "",
		"breaker probes":  "1 to 1000",
		"timeout attempt": "above 0s",
	}
	for _, r := range annotations.References() {
		for _, k := range r.Keys {
			if text, ok := want[r.Name+" "+k.Name]; ok && k.Values != text {
				t.Errorf("%s %s: %q, want %q", r.Name, k.Name, k.Values, text)
			}
			delete(want, r.Name+" "+k.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("not described: %v", want)
	}
}

// TestReferenceExamples reads the example of each directive, where it may stand.
func TestReferenceExamples(t *testing.T) {
	const (
		profile = "//resil:profile internal\n//resil:timeout 1s\n\n"
		methods = "type I interface {\nGetObject() error\nListObjects() error\n"
	)
	for _, r := range annotations.References() {
		name, _, _ := strings.Cut(r.Example, " ")
		if name != r.Name {
			t.Errorf("the example of %s is %q", r.Name, r.Example)
			continue
		}
		example := "//resil:" + r.Example + "\n"
		places := []string{example + methods + "}", methods + example + "M() error\n}"}
		switch name {
		case "interface":
			places = []string{example}
		case "profile":
			places = []string{example + "//resil:timeout 1s\n\n//resil:use internal\n" + methods + "}"}
		case "use":
			places = []string{profile + places[0]}
		}
		var refused []string
		for _, source := range places {
			if _, _, diagnostics := read(t, source); len(diagnostics) > 0 {
				refused = append(refused, lines(diagnostics))
			}
		}
		if len(refused) == len(places) {
			t.Errorf("the example of %s is refused:\n%s", r.Name, strings.Join(refused, "\n"))
		}
	}
}
