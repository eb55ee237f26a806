package directive

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// unite makes one problem of words at the beginning that stand without a key where the
// directive takes fewer, as in "limit 50 per second": they are one mistake. It returns the
// words that remain. Policy is the type of the directive's struct.
func (r *refinement) unite(policy reflect.Type, words []Word) []Word {
	n := 0
	for n < len(words) && words[n].Key == "" && !words[n].IsQuoted() && !strings.Contains(words[n].Value, ":") {
		n++
	}
	places := len(r.keys.places)
	if n <= max(places, 1) || words[0].Value == "off" {
		return words
	}
	run, rest := words[:n], words[n:]
	report := func(from int, format string, args ...any) {
		r.problems = append(r.problems, problemAt(CodeWord, run[from].Start, run[n-1].End, fmt.Sprintf(format, args...)))
	}
	isValue := places == 1 && takes(policy, r.keys.places[0], run[0].Value)
	if text, ok := r.meant(policy, run, isValue); ok {
		report(0, "write %s %s", r.directive, text)
		return rest
	}
	if pairs, ok := r.pairs(run); ok && !isValue {
		report(0, "write key=value with an equals sign: %s", pairs)
		return rest
	}
	if pairs, ok := r.pairs(run[places:]); ok {
		report(places, "write key=value with an equals sign: %s", pairs)
		return slices.Concat(run[:places], rest)
	}
	switch {
	case places > 1:
		report(places, "%s takes %d words without a key: put a value with spaces in quotes", r.directive, places)
	case isValue && r.keys.key(run[1].Value) == nil:
		r.problem(CodeWord, run[1], fmt.Sprintf("only the first word may stand without a key: write key=%s, or put it first", run[1].Value))
	case isValue:
		return slices.Concat(run[:2], rest) // a key without a value
	}
	return slices.Concat(run[:max(places, 1)], rest) // the first is reported if it is wrong itself
}

// pairs returns words as key=value, and false if they are not a key and its value each.
func (r *refinement) pairs(words []Word) (string, bool) {
	var pairs []string
	for k := 0; k+1 < len(words); k += 2 {
		if r.keys.key(words[k].Value) == nil && r.shared.key(words[k].Value) == nil {
			return "", false
		}
		pairs = append(pairs, words[k].Value+"="+words[k+1].Value)
	}
	return strings.Join(pairs, " "), len(words)%2 == 0
}

// Words of a sentence, and what they are in a value; those that are nothing are left out.
var sentence = map[string]string{
	"per": "/", "each": "/", "every": "/", "a": "/", "an": "/",
	"second": "s", "seconds": "s", "sec": "s", "secs": "s",
	"minute": "m", "minutes": "m", "min": "m", "mins": "m",
	"hour": "h", "hours": "h",
	"millisecond": "ms", "milliseconds": "ms", "msec": "ms", "millis": "ms",
	"rps": "/s", "qps": "/s", "tps": "/s", "rpm": "/m",
	"after": "", "at": "", "most": "", "up": "", "to": "", "concurrent": "", "parallel": "",
	"attempt": "", "attempts": "", "call": "", "calls": "", "request": "", "requests": "", "time": "", "times": "",
}

// meant returns the value that several words probably mean together, and false if that
// cannot be told. With isValue, the first is a value by itself.
func (r *refinement) meant(policy reflect.Type, words []Word, isValue bool) (string, bool) {
	if len(r.keys.places) != 1 {
		return "", false
	}
	place := r.keys.places[0]
	field := policy.FieldByIndex(r.keys.key(place).index).Type
	var joined, separate strings.Builder
	known := true
	for k, w := range words {
		part, ok := sentence[strings.ToLower(w.Value)]
		if !ok {
			part = w.Value
			known = known && k == 0
		}
		joined.WriteString(part)
		separate.WriteString(w.Value + ",")
	}
	text := joined.String()
	switch {
	case field.Kind() == reflect.String:
		return "", false // any text is a value
	case field.Kind() == reflect.Slice:
		text = strings.TrimSuffix(separate.String(), ",")
	case isValue && known && !takes(policy, place, text):
		text = words[0].Value // the others say it again
	}
	return text, takes(policy, place, text)
}

// takes reports whether the key of a directive takes a value.
func takes(policy reflect.Type, key, text string) bool {
	_, err := schemaOf(policy).key(key).set(reflect.New(policy).Elem(), text)
	return err == nil
}
