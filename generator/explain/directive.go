package explain

import (
	"encoding/json"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
)

// A Directive is a directive of a method, with all words that reach the method applied.
type Directive struct {
	Name     string   `json:"name"`
	Text     string   `json:"text"`               // as it could stand above the method, without defaults
	Settings Settings `json:"settings,omitempty"` // with defaults, in the order of the language
	State    string   `json:"state,omitempty"`    // name of the breaker, limit or bulkhead; empty for other directives
}

// Settings are the keys of a directive with their values.
type Settings []Setting

// A Setting is a key of a directive and its value.
type Setting struct {
	Key, Value string
	positional bool
}

// MarshalJSON returns an object.
func (s Settings) MarshalJSON() ([]byte, error) {
	object := map[string]string{}
	for _, s := range s {
		object[s.Key] = s.Value
	}
	return json.Marshal(object)
}

// directives returns directives that give a policy, in the order of the language.
func directives(p annotations.Policy) []Directive {
	found := []Directive{}
	for name, policy := range policies(p) {
		d := Directive{Name: name, Text: name, Settings: settings(policy)}
		var words []directive.Word
		for _, s := range d.Settings {
			w := directive.Word{Key: s.Key, Value: s.Value}
			if s.positional {
				w.Key = ""
			} else if slices.Contains(settingsOf(name, words), s) {
				continue // the words before it imply this one
			}
			words = append(words, w)
			d.Text += " " + word(s, s.Value)
		}
		found = append(found, d)
	}
	return found
}

// word is a setting with a value as it stands in a directive.
func word(s Setting, value string) string {
	if s.positional {
		return quoted(value)
	}
	return s.Key + "=" + quoted(value)
}

// settingsOf returns the settings of a directive that has just these words.
func settingsOf(name string, words []directive.Word) Settings {
	var p annotations.Policy
	directive.Refine(&p, name, words)
	p.Complete()
	for _, policy := range policies(p) {
		return settings(policy)
	}
	return nil
}

// policies yields the fields of a policy that are set, by directive.
func policies(p annotations.Policy) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		v := reflect.ValueOf(p)
		for _, f := range reflect.VisibleFields(v.Type()) {
			name, policy := f.Tag.Get("directive"), v.FieldByIndex(f.Index)
			if name != "" && !policy.IsZero() && !yield(name, reflect.Indirect(policy)) {
				return
			}
		}
	}
}

// settings returns the keys of one directive's struct that are set, with defaults.
func settings(policy reflect.Value) (list Settings) {
	if policy.Kind() != reflect.Struct {
		return nil
	}
	for _, k := range directive.Keys(policy.Type()) {
		if value, set := k.Text(policy); set {
			list = append(list, Setting{k.Name, value, k.Position > 0})
		}
	}
	return list
}

// quoted returns a value, in quotes if it does not read as one word.
func quoted(value string) string {
	if value == "" || strings.ContainsAny(value, " \t\"'`") {
		return strconv.Quote(value)
	}
	return value
}
