package directive

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// CheckRanges checks every field of the directives in language, a pointer to a
// struct with the tags that [Refine] goes by, whose values were not read from
// words. Where there is no default or the field may be off, the zero value of a
// field means that.
func CheckRanges(language any) []*Problem {
	var problems []*Problem
	v := reflect.ValueOf(language).Elem()
	for _, f := range shapeOf(v.Type()).fields {
		policy := v.FieldByIndex(f.Index)
		name := f.Tag.Get("directive")
		if name == "" || policy.Kind() != reflect.Pointer || policy.IsNil() {
			continue
		}
		policy = policy.Elem()
		shape := shapeOf(policy.Type())
		for i, field := range shape.keyed {
			value := policy.FieldByIndex(field.Index)
			_, hasOff := field.Tag.Lookup("off")
			_, hasDefault := field.Tag.Lookup("default")
			if value.IsZero() && (hasOff || !hasDefault) {
				continue
			}
			err := readable(value)
			if err == nil {
				err = inRange(value, field.Tag.Get("range"))
			}
			if err != nil {
				key := shape.keys[i]
				problems = append(problems, &Problem{Code: CodeRange, Field: name + "." + key,
					Message: fmt.Sprintf("%s %s: %v", name, key, err)})
			}
		}
	}
	return problems
}

// readable reports why no text stands for a value: a number that no enumeration has,
// or what the text form of its type refuses.
func readable(v reflect.Value) error {
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			if err := readable(v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	text, ok := v.Interface().(fmt.Stringer)
	if !ok {
		return nil
	}
	read := reflect.New(v.Type())
	u, ok := read.Interface().(encoding.TextUnmarshaler)
	if !ok {
		return nil
	}
	return u.UnmarshalText([]byte(text.String()))
}

// inRange checks v against an interval such as "[1,]" or "(0%,100%]", its ends
// written in v's own notation and an open end left empty.
func inRange(v reflect.Value, interval string) error {
	if interval == "" {
		return nil
	}
	low, high, _ := strings.Cut(interval[1:len(interval)-1], ",")
	check := func(end string, wrong func(c int) bool) bool {
		if end == "" {
			return false
		}
		e := reflect.New(v.Type()).Elem()
		if err := parseInto(e, end); err != nil {
			panic(fmt.Sprintf("directive: range %q: %v", interval, err))
		}
		return wrong(compare(v, e))
	}
	atLeast, atMost := interval[0] == '[', interval[len(interval)-1] == ']'
	switch {
	case check(low, func(c int) bool { return c < 0 || c == 0 && !atLeast }):
		if atLeast {
			return fmt.Errorf("write %s or more", low)
		}
		return fmt.Errorf("write more than %s", low)
	case check(high, func(c int) bool { return c > 0 || c == 0 && !atMost }):
		if atMost {
			return fmt.Errorf("write %s or less", high)
		}
		return fmt.Errorf("write less than %s", high)
	}
	return nil
}

func compare(a, b reflect.Value) int {
	if a.Kind() == reflect.Float64 {
		return cmp.Compare(a.Float(), b.Float())
	}
	return cmp.Compare(a.Int(), b.Int())
}
