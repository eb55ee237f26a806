package annotations

import (
	"strings"
	"testing"

	"github.com/resilgen/resilgen/internal/directive"
)

// A synonym that stood twice would lead to one of two words by chance, and one that is a
// word of ours would never be looked up.
func TestSynonymsAreUnambiguous(t *testing.T) {
	check := func(table string, synonyms map[string]string, known []string) {
		seen := map[string]string{}
		for word, others := range synonyms {
			if known != nil && !contains(known, word) {
				t.Errorf("%s: there is no %s", table, word)
			}
			for name := range strings.FieldsSeq(others) {
				if other, twice := seen[name]; twice {
					t.Errorf("%s: %s stands for %s and for %s", table, name, word, other)
				}
				seen[name] = word
				if plain(name) != name {
					t.Errorf("%s: %s must stand as %s", table, name, plain(name))
				}
				if contains(known, name) {
					t.Errorf("%s: %s is a word already", table, name)
				}
			}
		}
	}
	names := directive.Names(language{})
	check("directives", directiveSynonyms, names)
	keys := map[string][]string{}
	for _, r := range References() {
		for _, k := range r.Keys {
			keys[r.Name] = append(keys[r.Name], k.Name)
		}
	}
	for name, synonyms := range keySynonyms {
		check(name, synonyms, keys[name])
	}
	check("guards", guardSynonyms, keys["breaker"])
	for field, synonyms := range valueSynonyms {
		check(field, synonyms, nil)
	}
	for name := range missing {
		if directiveFor(name) != "" || contains(names, name) {
			t.Errorf("%s is not missing", name)
		}
	}
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}
