package directive

import (
	"fmt"
	"reflect"
	"strings"
)

// setKey sets the field of policy that a key stands for to the value that text
// stands for. A field tagged upto takes two values as well, as in 30s..10m: the
// second goes to the field that the tag names, which is 0 where there is none. If
// text is wrong it returns the code of the problem and an error that says what to
// write, and leaves both fields alone.
func setKey(policy reflect.Value, field *reflect.StructField, text string) (code string, err error) {
	low := policy.FieldByIndex(field.Index)
	high, ok := upper(policy, field)
	if !ok {
		return setField(low, field, text)
	}
	first, second, two := strings.Cut(text, "..")
	limit := reflect.New(high.Type()).Elem()
	if two {
		code, err = setField(limit, field, second)
	}
	if err == nil {
		code, err = setField(low, field, first)
	}
	if err == nil {
		high.Set(limit)
	} else if code == CodeValue {
		err = fmt.Errorf("%w, or two with .. between them", err)
	}
	return code, err
}

// upper returns the field of policy that holds the second value of a field tagged
// upto, and false if it has no such tag.
func upper(policy reflect.Value, field *reflect.StructField) (reflect.Value, bool) {
	name, ok := field.Tag.Lookup("upto")
	if !ok {
		return reflect.Value{}, false
	}
	return policy.FieldByName(name), true
}
