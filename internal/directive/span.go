package directive

import (
	"fmt"
	"reflect"
	"strings"
)

// set sets the key's field of policy, the struct of its directive, to the value that
// text stands for. A field tagged upto takes two values as well, as in 30s..10m: the
// second goes to the field that the tag names, which is 0 where there is none. If
// text is wrong it returns the code of the problem and an error that says what to
// write, and leaves both fields alone.
func (k *Key) set(policy reflect.Value, text string) (code string, err error) {
	low := policy.FieldByIndex(k.index)
	high, ok := k.upper(policy)
	if !ok {
		return setField(low, k.Tag, text)
	}
	first, second, two := strings.Cut(text, "..")
	limit := reflect.New(high.Type()).Elem()
	if two {
		code, err = setField(limit, k.Tag, second)
	}
	if err == nil {
		code, err = setField(low, k.Tag, first)
	}
	if err == nil {
		high.Set(limit)
	} else if code == CodeValue {
		err = fmt.Errorf("%w, or two with .. between them", err)
	}
	return code, err
}

// upper returns the field of policy that holds the second value of a key whose field
// is tagged upto, and false if it has no such tag.
func (k *Key) upper(policy reflect.Value) (reflect.Value, bool) {
	name, ok := k.Tag.Lookup("upto")
	if !ok {
		return reflect.Value{}, false
	}
	return policy.FieldByName(name), true
}
