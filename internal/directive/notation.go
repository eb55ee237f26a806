package directive

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Text returns the value of a field of policy, the struct of a directive, in the
// notation that [Refine] reads. It returns false for a field that is not set: its
// value is zero, and neither the word off nor a default can mean that.
func Text(policy reflect.Value, field reflect.StructField) (text string, ok bool) {
	v := policy.FieldByIndex(field.Index)
	if v.IsZero() {
		if _, hasOff := field.Tag.Lookup("off"); hasOff {
			return "off", true
		}
		if _, hasDefault := field.Tag.Lookup("default"); !hasDefault {
			return "", false
		}
	}
	text = notation(v)
	if high, ok := upper(policy, &field); ok && !high.IsZero() {
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
