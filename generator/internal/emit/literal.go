package emit

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	resil "github.com/resilgen/resilgen/runtime"
)

// wide is the length up to which a literal stands on one line.
const wide = 97

// composite is a literal of a type, on one line if that is short. An element of another
// literal needs no type.
func composite(typ string, elems []string) string {
	if text := typ + oneLine(elems); len(text) <= wide && !strings.Contains(text, "\n") {
		return text
	}
	return typ + lines(elems)
}

// oneLine is the body of a literal on one line.
func oneLine(elems []string) string { return "{" + strings.Join(elems, ", ") + "}" }

// lines is the body of a literal with a line for each element.
func lines(elems []string) string { return "{\n" + strings.Join(elems, ",\n") + ",\n}" }

// keyed is an element of a literal with its key.
func keyed(key, value string) string { return key + ": " + value }

// policy is a literal of a policy.
func (p *printer) policy(v any) string {
	value := reflect.ValueOf(v)
	return composite(p.Runtime(value.Type().Name()), p.fields(value))
}

// fields are the elements of a literal, for the fields that are not zero.
func (p *printer) fields(policy reflect.Value) (fields []string) {
	for i := range policy.NumField() {
		if v := policy.Field(i); !v.IsZero() {
			fields = append(fields, keyed(policy.Type().Field(i).Name, p.value(v)))
		}
	}
	return fields
}

// value is the value of a field as a person writes it.
func (p *printer) value(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return p.duration(x)
	case resil.Ratio:
		return p.ratio(x)
	case resil.Backoff:
		return p.Runtime("Backoff" + gosrc.Capitalize(x.String()))
	case resil.Class:
		return p.class(x)
	case resil.Jitter:
		if x > 0 {
			return p.Runtime("Jitter") + "(" + p.ratio(resil.Ratio(x)) + ")"
		}
		return p.Runtime("Jitter" + gosrc.Capitalize(x.String()))
	case resil.Consecutive:
		if x == resil.ConsecutiveAuto {
			return p.Runtime("ConsecutiveAuto")
		}
	case resil.Hints:
		if x == resil.HintsIgnored {
			return p.Runtime("HintsIgnored")
		}
	case resil.Extent:
		return p.Runtime("Extent" + gosrc.Capitalize(x.String()))
	case resil.Mode:
		return p.Runtime("Mode" + gosrc.Capitalize(x.String()))
	}
	switch v.Kind() {
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Struct:
		return p.Runtime(v.Type().Name()) + oneLine(p.fields(v))
	case reflect.Slice:
		var elems []string
		for i := range v.Len() {
			elems = append(elems, p.value(v.Index(i)))
		}
		return "[]" + p.Runtime(v.Type().Elem().Name()) + oneLine(elems)
	}
	panic(fmt.Sprintf("emit: a policy field of type %s cannot be written", v.Type()))
}

// class is the constant of a class.
func (p *printer) class(c resil.Class) string {
	switch c {
	case resil.SystemFault:
		return p.Runtime("SystemFault")
	case resil.NothingSent:
		return p.Runtime("NothingSent")
	}
	return p.Runtime(gosrc.Capitalize(c.String()))
}

// ratio is a share in its largest unit.
func (p *printer) ratio(r resil.Ratio) string {
	unit, name := resil.PPM, "PPM"
	if r%resil.Percent == 0 {
		unit, name = resil.Percent, "Percent"
	}
	return fmt.Sprintf("%d * %s", int(r/unit), p.Runtime(name))
}

var timeUnits = []struct {
	unit time.Duration
	name string
}{
	{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"},
	{time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}, {time.Nanosecond, "Nanosecond"},
}

// duration is a duration in its largest unit.
func (p *printer) duration(d time.Duration) string {
	for _, u := range timeUnits {
		if d%u.unit == 0 {
			code := p.Import("time", "time") + "." + u.name
			if d == u.unit {
				return code
			}
			return fmt.Sprintf("%d * %s", d/u.unit, code)
		}
	}
	panic("unreachable")
}
