package directive

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Text returns the value of the key in policy, the struct of its directive, in the
// notation that [Refine] reads. It returns false for a key that is not set: its field
// is zero, and neither the word off nor a default can mean that.
func (k *Key) Text(policy reflect.Value) (text string, ok bool) {
	v := policy.FieldByIndex(k.index)
	if v.IsZero() {
		if _, hasOff := k.Tag.Lookup("off"); hasOff {
			return "off", true
		}
		if _, hasDefault := k.Tag.Lookup("default"); !hasDefault {
			return "", false
		}
	}
	text = notation(v)
	if high, ok := k.upper(policy); ok && !high.IsZero() {
		text += ".." + notation(high)
	}
	return text, true
}

func notation(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return Duration(x)
	case fmt.Stringer:
		return x.String()
	}
	switch v.Kind() {
	case reflect.Slice:
		var list []string
		for i := range v.Len() {
			list = append(list, notation(v.Index(i)))
		}
		return strings.Join(list, ",")
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return fmt.Sprint(v.Interface())
}
