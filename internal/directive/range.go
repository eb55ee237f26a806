package directive

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// CheckRanges returns a problem for each field of the directives in language, a
// pointer to a struct, whose value is out of its range. It is for values that were
// not read by [Refine], which checks them itself. The zero value of a field is
// accepted where the field has no default or may be off.
func CheckRanges(language any) []*Problem {
	var problems []*Problem
	v := reflect.ValueOf(language).Elem()
	for _, f := range schemaOf(v.Type()).fields {
		policy := v.FieldByIndex(f.Index)
		name := f.Tag.Get("directive")
		if name == "" || policy.Kind() != reflect.Pointer || policy.IsNil() {
			continue
		}
		policy = policy.Elem()
		for _, key := range schemaOf(policy.Type()).keys {
			value := policy.FieldByIndex(key.index)
			_, hasOff := key.Tag.Lookup("off")
			_, hasDefault := key.Tag.Lookup("default")
			if value.IsZero() && (hasOff || !hasDefault) {
				continue
			}
			err := readable(value)
			if err == nil {
				err = inRange(value, key.Tag)
			}
			if high, ok := key.upper(policy); ok && err == nil && !high.IsZero() {
				err = inRange(high, key.Tag)
			}
			if err != nil {
				problems = append(problems, &Problem{Code: CodeRange, Field: name + "." + key.Name,
					Message: fmt.Sprintf("%s %s: %v", name, key.Name, err)})
			}
		}
	}
	return problems
}

// readable returns an error for a value that no text stands for: a number that no
// enumeration has, or what the text form of its type refuses.
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
	u, ok := reflect.New(v.Type()).Interface().(encoding.TextUnmarshaler)
	if !ok {
		return nil
	}
	return u.UnmarshalText([]byte(text.String()))
}

// An interval is the value of a range tag, such as "[1,]" or "(0%,100%]". Its ends
// are in the notation of the field's values; one that is empty does not limit.
type interval struct {
	low, high               string
	includeLow, includeHigh bool
}

// rangeOf returns the interval that a field's tag gives, and false if there is
// none.
func rangeOf(tag reflect.StructTag) (interval, bool) {
	text := tag.Get("range")
	if text == "" {
		return interval{}, false
	}
	low, high, _ := strings.Cut(text[1:len(text)-1], ",")
	return interval{low, high, text[0] == '[', text[len(text)-1] == ']'}, true
}

// Range returns the values that the key takes, in words: "1 to 100" for "[1,100]",
// "above 0s, or off" for "(0s,]" beside an off tag. It is empty if all values are
// taken.
func (k *Key) Range() string {
	text := k.Tag.Get("values")
	if i, ok := rangeOf(k.Tag); ok && text == "" {
		switch {
		case i.high != "" && i.includeLow:
			text = i.low + " to " + i.high
		case i.high != "":
			text = "above " + i.low + ", up to " + i.high
		case i.includeLow:
			text = i.low + " or more"
		default:
			text = "above " + i.low
		}
	}
	if _, ok := k.Tag.Lookup("off"); ok {
		text += ", or off"
	}
	return text
}

// inRange returns an error that says what to write if v is out of the range that
// its field's tag gives.
func inRange(v reflect.Value, tag reflect.StructTag) error {
	i, ok := rangeOf(tag)
	if !ok {
		return nil
	}
	compareTo := func(end string) int {
		limit := reflect.New(v.Type()).Elem()
		if err := parseInto(limit, end); err != nil {
			panic(fmt.Sprintf("directive: range %q: %v", tag.Get("range"), err))
		}
		return compare(v, limit)
	}
	if i.low != "" {
		switch c := compareTo(i.low); {
		case c < 0 && i.includeLow:
			return fmt.Errorf("write %s or more", i.low)
		case c <= 0 && !i.includeLow:
			return fmt.Errorf("write more than %s", i.low)
		}
	}
	if i.high != "" {
		switch c := compareTo(i.high); {
		case c > 0 && i.includeHigh:
			return fmt.Errorf("write %s or less", i.high)
		case c >= 0 && !i.includeHigh:
			return fmt.Errorf("write less than %s", i.high)
		}
	}
	return nil
}

// compare compares two values of the same integer or floating-point type.
func compare(a, b reflect.Value) int {
	if a.Kind() == reflect.Float64 {
		return cmp.Compare(a.Float(), b.Float())
	}
	return cmp.Compare(a.Int(), b.Int())
}
