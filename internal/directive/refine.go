package directive

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Refine applies one directive's words to language, a pointer to a struct with
// the tags that [Policy] describes. A directive that was not there yet starts
// from its defaults; the value off takes it away. Keys of language itself go
// with every directive. It returns the fields that were set, as in "retry.max",
// each with its word, and what is wrong with the others.
func Refine(language any, directive string, words []Word) (map[string]Word, []*Problem) {
	lang := reflect.ValueOf(language).Elem()
	slot, ok := directiveField(lang, directive)
	if !ok {
		return nil, []*Problem{{Code: CodeDirective, Message: Unknown("directive", directive, Names(lang.Interface()))}}
	}
	r := refinement{directive: directive, set: map[string]Word{}, shared: shapeOf(lang.Type()).keys}
	shape := directiveShape(slot)
	words = r.common(lang, r.spelt(words, shape), len(shape.positionals))
	if len(words) > 0 && words[0].Key == "" && words[0].Value == "off" {
		slot.SetZero()
		r.set[directive] = words[0]
		for _, w := range words[1:] {
			r.problem(CodeWord, w, "off takes the whole directive away; nothing can stand beside it")
		}
		return r.set, r.problems
	}
	r.set[directive] = Word{}
	if slot.Kind() == reflect.Bool {
		slot.SetBool(true)
		for _, w := range words {
			r.problem(CodeKey, w, fmt.Sprintf("%s takes no words but %s", directive, OneOf(append([]string{"off"}, appended(r.shared, "=")...))))
		}
		return r.set, r.problems
	}
	if slot.IsNil() {
		slot.Set(reflect.New(slot.Type().Elem()))
		setDefaults(slot.Elem())
	}
	r.fields(slot.Elem(), words)
	return r.set, r.problems
}

type refinement struct {
	directive string
	shared    []string // keys that every directive takes
	set       map[string]Word
	problems  []*Problem
}

func (r *refinement) problem(code string, w Word, message string) {
	r.problems = append(r.problems, problemAt(code, w.Start, w.End, message))
}

// spelt reports words that are a key with a colon for the equals sign, or that have
// none and stand where only keys can, and returns the others.
func (r *refinement) spelt(words []Word, shape *shape) (rest []Word) {
	for i, w := range words {
		key, value, colon := strings.Cut(w.Value, ":")
		bare := w.Key == "" && w.End-w.ValueStart == len(w.Value) && (slices.Contains(shape.keys, key) || slices.Contains(r.shared, key))
		switch {
		case bare && colon && value != "":
			r.problem(CodeWord, w, fmt.Sprintf("write %s=%s, with an equals sign", key, value))
		case bare && (colon || i >= max(len(shape.positionals), 1)):
			r.problem(CodeWord, w, fmt.Sprintf("%s lacks a value: write %s= and the value right behind it", key, key))
		default:
			rest = append(rest, w)
		}
	}
	return rest
}

// common applies the words whose keys belong to every directive and returns the
// others. The first ones may stand without a key, as many as the directive has
// places for but one at least, to be complained about elsewhere.
func (r *refinement) common(lang reflect.Value, words []Word, places int) (rest []Word) {
	var common []Word
	for i, w := range words {
		switch {
		case w.Key == "" && i >= places && places > 1:
			r.problem(CodeWord, w, fmt.Sprintf("%s takes %d words without a key: put quotes around what has spaces in it", r.directive, places))
		case w.Key == "" && i > 0 && (i >= places || words[i-1].Key != ""):
			r.problem(CodeWord, w, fmt.Sprintf("only the first word may stand without a key: write key=%s, or put it first", w.Value))
		case slices.Contains(r.shared, w.Key):
			common = append(common, w)
		default:
			rest = append(rest, w)
		}
	}
	r.fields(lang, common)
	return rest
}

// fields sets the fields of policy that words name.
func (r *refinement) fields(policy reflect.Value, words []Word) {
	if len(words) == 0 {
		return
	}
	shape := shapeOf(policy.Type())
	for i, w := range words {
		key := w.Key
		if key == "" {
			if i >= len(shape.positionals) {
				r.problem(CodeKey, w, fmt.Sprintf("%s takes keys only: write %s before the value", r.directive, OneOf(appended(shape.keys, "="))))
				continue
			}
			key = shape.positionals[i]
		}
		field := shape.field(key)
		if field == nil {
			r.problem(CodeKey, w, Unknown("key", key, slices.Concat(shape.keys, r.shared)))
			continue
		}
		name := r.directive + "." + key
		if _, twice := r.set[name]; twice {
			r.problem(CodeTwice, w, fmt.Sprintf("%s is given twice; keep one", key))
			continue
		}
		r.set[name] = w
		if code, err := setKey(policy, field, w.Value); err != nil {
			delete(r.set, name)
			r.problems = append(r.problems, &Problem{Code: code, Field: name, Start: w.ValueStart, End: w.End,
				Message: fmt.Sprintf("%s: %q: %s", key, w.Value, err)})
		}
	}
}

// setField reads text into field and checks it against the field's range.
func setField(v reflect.Value, field *reflect.StructField, text string) (code string, err error) {
	off, hasOff := field.Tag.Lookup("off")
	if text == "off" && hasOff {
		return CodeValue, parseInto(v, off)
	}
	fresh := reflect.New(v.Type()).Elem()
	if err := parseInto(fresh, text); err != nil {
		if hasOff {
			err = fmt.Errorf("%w, or off", err)
		}
		return CodeValue, err
	}
	if err := inRange(fresh, field.Tag.Get("range")); err != nil {
		if hasOff {
			err = fmt.Errorf("%w, or off", err)
		}
		return CodeRange, err
	}
	v.Set(fresh)
	return "", nil
}

// setDefaults sets every field of a directive's struct to its default.
func setDefaults(policy reflect.Value) {
	shape := shapeOf(policy.Type())
	policy.Set(shape.defaults())
	for _, field := range shape.keyed {
		if list := policy.FieldByIndex(field.Index); list.Kind() == reflect.Slice && !list.IsNil() {
			list.Set(reflect.AppendSlice(reflect.Zero(list.Type()), list)) // no two share one
		}
	}
}

// parseInto reads text into v by v's type.
func parseInto(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Interface().(type) {
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("write a duration with its unit, such as 250ms, 2s or 1m30s")
		}
		v.SetInt(int64(d))
		return nil
	}
	switch v.Kind() {
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("write a whole number")
		}
		v.SetInt(int64(n))
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("write a number such as 1.5")
		}
		v.SetFloat(f)
	case reflect.String:
		v.SetString(text)
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), 0, 4)
		for _, part := range strings.Split(text, ",") {
			elem := reflect.New(v.Type().Elem()).Elem()
			part = strings.TrimSpace(part)
			if part == "" {
				return fmt.Errorf("write a list with commas and nothing empty between them")
			}
			if err := parseInto(elem, part); err != nil {
				return fmt.Errorf("%q: %w", part, err)
			}
			list = reflect.Append(list, elem)
		}
		v.Set(list)
	default:
		panic(fmt.Sprintf("directive: a directive's field cannot be a %s", v.Type()))
	}
	return nil
}

func appended(words []string, suffix string) []string {
	out := slices.Clone(words)
	for i := range out {
		out[i] += suffix
	}
	return out
}
