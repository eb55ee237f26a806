package resilpage

import (
	"math"
	"reflect"
	"strconv"

	resil "github.com/resilgen/resilgen/runtime"
)

// heldKey returns the key of a breaker that an ID stands for, as forms have it, or a text.
// Only keys with failures or a state can be listed; of the others, those that are strings or
// integers can be named.
func (p *Page) heldKey(stats *resil.Stats, breaker, id, text string) (key any, err error) {
	if id == "" && text == "" {
		return nil, refuse(400, "The circuit breaker has a state for each key: choose one, or write it.")
	}
	if id != "" && text != "" {
		return nil, refuse(400, "One key is chosen and another is written: take one of them back.")
	}
	d := describer{seed: p.seed}
	var found []any
	for _, b := range stats.WorstKeys(breaker, math.MaxInt) {
		if id != "" && d.keyID(b.Key) == id || id == "" && p.printer.key(b.Key) == text {
			found = append(found, b.Key)
		}
	}
	literal := literalKey(stats, breaker, text)
	alike := id == "" && len(found) == 1 && literal != nil && literal != found[0]
	switch {
	case len(found) == 1 && !alike:
		return found[0], nil
	case len(found) > 0:
		return nil, refuse(409, "Several keys look like %s: choose one from the list.", shorten(text, maxKey))
	case id != "":
		return nil, refuse(404, "The circuit breaker does not list that key any more: load the page again.")
	}
	if literal != nil {
		return literal, nil
	}
	return nil, refuse(404, "The keys of the circuit breaker cannot be written as text: choose one from the list.")
}

// literalKey returns the key that is a text, where keys are strings, or the number that it
// is; nil for none. What is shown of another key may be the same: texts are cut and cleaned.
func literalKey(stats *resil.Stats, breaker, text string) (key any) {
	for _, typ := range keyTypes {
		if key, ok := parseKey(text, typ); ok && isKeyOf(stats, breaker, key) {
			return key
		}
	}
	return nil
}

// keyTypes are those of which a key can be written as text.
var keyTypes = []reflect.Type{
	reflect.TypeFor[string](),
	reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
}

// parseKey returns the value of a type that a text stands for. A number that the type does not
// have is none.
func parseKey(text string, typ reflect.Type) (key any, ok bool) {
	v := reflect.New(typ).Elem()
	var err error
	switch {
	case v.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, typ.Bits())
		v.SetInt(n)
	case v.CanUint():
		var n uint64
		n, err = strconv.ParseUint(text, 10, typ.Bits())
		v.SetUint(n)
	default:
		v.SetString(text)
	}
	return v.Interface(), err == nil
}

// isKeyOf reports whether a breaker is kept by keys of that type.
func isKeyOf(stats *resil.Stats, breaker string, key any) (ok bool) {
	defer func() { ok = recover() == nil }()
	stats.Breaker(breaker, key)
	return true
}
