package directive

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Refine applies the words of one directive to language, a pointer to a struct
// with the tags that the package comment describes. A directive that is not set
// yet starts from its defaults. The value off removes it. Keys of language itself
// may stand in every directive.
//
// The map that Refine returns has the word of each field that was set, as in
// "retry.max". Under the directive's own name it has the word off, or the zero
// Word. A field whose word is wrong keeps its value, and the problems say why.
// For an unknown directive the map is nil.
func Refine(language any, directive string, words []Word) (map[string]Word, []*Problem) {
	lang := reflect.ValueOf(language).Elem()
	field, ok := directiveField(lang, directive)
	if !ok {
		return nil, []*Problem{{Code: CodeDirective, Message: Unknown("directive", directive, Names(lang.Interface()))}}
	}
	r := refinement{directive: directive, keys: directiveSchema(field), shared: schemaOf(lang.Type()), set: map[string]Word{}}
	policy := field.Type()
	if field.Kind() == reflect.Pointer {
		policy = policy.Elem()
	}
	words = r.wellPlaced(r.wellFormed(r.unite(policy, words)))
	words = r.applyShared(lang, words)
	if len(words) > 0 && words[0].Key == "" && words[0].Value == "off" {
		field.SetZero()
		r.set[directive] = words[0]
		for _, w := range words[1:] {
			r.problem(CodeWord, w, "off removes the whole directive; remove the other words")
		}
		return r.set, r.problems
	}
	r.set[directive] = Word{}
	if field.Kind() == reflect.Bool {
		field.SetBool(true)
		for _, w := range words {
			r.problem(CodeKey, w, fmt.Sprintf("%s takes no words except %s", directive, OneOf(append([]string{"off"}, suffixed(r.shared.names, "=")...))))
		}
		return r.set, r.problems
	}
	if field.IsNil() {
		field.Set(reflect.New(field.Type().Elem()))
		setDefaults(field.Elem())
	}
	r.apply(field.Elem(), words)
	return r.set, r.problems
}

// A refinement is one call of [Refine].
type refinement struct {
	directive string
	keys      *schema // of the directive
	shared    *schema // of the language: its keys may stand in every directive
	set       map[string]Word
	problems  []*Problem
}

func (r *refinement) problem(code string, w Word, message string) {
	r.problems = append(r.problems, problemAt(code, w.Start, w.End, message))
}

// wellFormed returns the words without those that are a key and lack an equals
// sign or a value, and reports these. A word that has the name of a key may also
// be a value where a value can stand without its key.
func (r *refinement) wellFormed(words []Word) (rest []Word) {
	for i, w := range words {
		name, value, colon := strings.Cut(w.Value, ":")
		isKey := w.Key == "" && !w.IsQuoted() && (r.keys.key(name) != nil || r.shared.key(name) != nil)
		switch {
		case isKey && colon && value != "":
			r.problem(CodeWord, w, fmt.Sprintf("write %s=%s, with an equals sign", name, value))
		case isKey && (colon || i >= max(len(r.keys.places), 1)):
			r.problem(CodeWord, w, fmt.Sprintf("%s has no value: write %s= and the value directly after it", name, name))
		default:
			rest = append(rest, w)
		}
	}
	return rest
}

// wellPlaced returns the words without those that lack a key where they need one,
// and reports these. The first word always stays: whether the directive takes it
// without a key is checked when it is applied.
func (r *refinement) wellPlaced(words []Word) (rest []Word) {
	places := len(r.keys.places)
	for i, w := range words {
		switch {
		case w.Key == "" && i >= places && places > 1:
			r.problem(CodeWord, w, fmt.Sprintf("%s takes %d words without a key: put a value with spaces in quotes", r.directive, places))
		case w.Key == "" && i > 0 && (i >= places || words[i-1].Key != ""):
			r.problem(CodeWord, w, fmt.Sprintf("only the first word may stand without a key: write key=%s, or put it first", w.Value))
		default:
			rest = append(rest, w)
		}
	}
	return rest
}

// applyShared applies the words whose keys belong to the language, and returns the
// others.
func (r *refinement) applyShared(lang reflect.Value, words []Word) (rest []Word) {
	var shared []Word
	for _, w := range words {
		if r.shared.key(w.Key) != nil {
			shared = append(shared, w)
		} else {
			rest = append(rest, w)
		}
	}
	r.apply(lang, shared)
	return rest
}

// apply sets the fields of policy, the struct of the directive or of the language,
// to the values of words.
func (r *refinement) apply(policy reflect.Value, words []Word) {
	if len(words) == 0 {
		return
	}
	schema := schemaOf(policy.Type())
	for i, w := range words {
		key := w.Key
		if key == "" {
			if i >= len(schema.places) {
				r.problem(CodeKey, w, fmt.Sprintf("%s takes keys only: write %s before the value", r.directive, OneOf(suffixed(schema.names, "="))))
				continue
			}
			key = schema.places[i]
		}
		k := schema.key(key)
		if k == nil {
			r.problem(CodeKey, w, Unknown("key", key, slices.Concat(schema.names, r.shared.names)))
			continue
		}
		field := r.directive + "." + key
		if _, twice := r.set[field]; twice {
			r.problem(CodeTwice, w, fmt.Sprintf("%s is given twice; keep one", key))
			continue
		}
		code, err := k.set(policy, w.Value)
		if err != nil {
			r.problems = append(r.problems, &Problem{Code: code, Field: field, Start: w.ValueStart, End: w.End,
				Message: fmt.Sprintf("%s: %q: %s", key, w.Value, err)})
			continue
		}
		r.set[field] = w
	}
}

// suffixed returns the names with a suffix each.
func suffixed(names []string, suffix string) []string {
	names = slices.Clone(names)
	for i := range names {
		names[i] += suffix
	}
	return names
}
