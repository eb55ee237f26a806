package directive

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// setField sets v, a field with that tag, to the value that text stands for. If
// text is wrong it returns the code of the problem and an error that says what to
// write, and leaves v alone.
func setField(v reflect.Value, tag reflect.StructTag, text string) (code string, err error) {
	off, hasOff := tag.Lookup("off")
	if text == "off" && hasOff {
		return CodeValue, parseInto(v, off)
	}
	parsed := reflect.New(v.Type()).Elem()
	code, err = CodeValue, parseInto(parsed, text)
	if err == nil {
		code, err = CodeRange, inRange(parsed, tag)
	}
	if err != nil {
		if hasOff {
			err = fmt.Errorf("%w, or off", err)
		}
		return code, err
	}
	v.Set(parsed)
	return "", nil
}

// setDefaults sets every field of policy, the struct of a directive, to its
// default.
func setDefaults(policy reflect.Value) {
	s := schemaOf(policy.Type())
	policy.Set(s.defaults())
	for _, key := range s.keys {
		if list := policy.FieldByIndex(key.index); list.Kind() == reflect.Slice && !list.IsNil() {
			list.Set(reflect.AppendSlice(reflect.Zero(list.Type()), list)) // so that no two policies share a list
		}
	}
}

// parseInto sets v to the value that text stands for by v's type. If text is wrong
// it returns an error that says what to write; v may then be changed. It panics
// for a type that fields of directives cannot have.
func parseInto(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
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
		for part := range strings.SplitSeq(text, ",") {
			elem := reflect.New(v.Type().Elem()).Elem()
			part = strings.TrimSpace(part)
			if part == "" {
				return fmt.Errorf("write a list with commas, without empty entries")
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
