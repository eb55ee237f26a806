package emit

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	resil "github.com/resilgen/resilgen/runtime"
)

// wide is the length from which a literal is broken over lines.
const wide = 97

// composite writes a literal of a type, on one line if it is short. Without a
// type it stands as an element of another literal.
func composite(typ *jen.Statement, elems []jen.Code) *jen.Statement {
	if typ == nil {
		typ = jen.Null()
	}
	oneLine := typ.Clone().Values(elems...)
	if text := rendered(oneLine); len(text) <= wide && !strings.Contains(text, "\n") {
		return oneLine
	}
	return typ.Add(lines(elems))
}

// rendered is how a literal reads in the end, near enough to tell its width. Running
// gofmt on it takes much longer.
func rendered(code *jen.Statement) string {
	file := jen.NewFile("p")
	file.NoFormat = true
	file.Add(code)
	var b strings.Builder
	if err := file.Render(&b); err != nil {
		return ""
	}
	_, text, _ := strings.Cut(b.String(), "\n")
	return tighter.Replace(strings.TrimSpace(text))
}

var tighter = strings.NewReplacer(" . ", ".", " : ", ": ", ",", ", ", " {", "{", "[] ", "[]")

// lines writes the elements of a literal on a line each.
func lines(elems []jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, elems...)
}

func keyed(key string, value jen.Code) jen.Code { return jen.Id(key).Op(":").Add(value) }

// fields writes what a policy sets, field by field.
func (p *printer) fields(policy reflect.Value) []jen.Code {
	var fields []jen.Code
	for i := range policy.NumField() {
		if v := policy.Field(i); !v.IsZero() {
			fields = append(fields, keyed(policy.Type().Field(i).Name, p.value(v)))
		}
	}
	return fields
}

// policy writes a policy as a literal.
func (p *printer) policy(v any) *jen.Statement {
	value := reflect.ValueOf(v)
	return composite(p.Runtime(value.Type().Name()), p.fields(value))
}

// value writes one field's value as a person would.
func (p *printer) value(v reflect.Value) jen.Code {
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
			return p.Runtime("Jitter").Call(p.ratio(resil.Ratio(x)))
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
	case resil.Mode:
		return p.Runtime("Mode" + gosrc.Capitalize(x.String()))
	}
	switch v.Kind() {
	case reflect.Int:
		return jen.Lit(int(v.Int()))
	case reflect.String:
		return jen.Lit(v.String())
	case reflect.Float64:
		return jen.Id(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case reflect.Struct:
		return p.Runtime(v.Type().Name()).Values(p.fields(v)...)
	case reflect.Slice:
		var elems []jen.Code
		for i := range v.Len() {
			elems = append(elems, p.value(v.Index(i)))
		}
		return jen.Index().Add(p.Runtime(v.Type().Elem().Name())).Values(elems...)
	}
	panic(fmt.Sprintf("generator: a policy field of type %s cannot be written", v.Type()))
}

func (p *printer) class(c resil.Class) *jen.Statement {
	switch c {
	case resil.SystemFault:
		return p.Runtime("SystemFault")
	case resil.NothingSent:
		return p.Runtime("NothingSent")
	}
	return p.Runtime(gosrc.Capitalize(c.String()))
}

func (p *printer) ratio(r resil.Ratio) *jen.Statement {
	unit, name := resil.PPM, "PPM"
	if r%resil.Percent == 0 {
		unit, name = resil.Percent, "Percent"
	}
	return jen.Lit(int(r / unit)).Op("*").Add(p.Runtime(name))
}

var timeUnits = []struct {
	unit time.Duration
	name string
}{
	{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"},
	{time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}, {time.Nanosecond, "Nanosecond"},
}

func (p *printer) duration(d time.Duration) *jen.Statement {
	for _, u := range timeUnits {
		if d%u.unit == 0 {
			code := jen.Id(p.Import("time", "time")).Dot(u.name)
			if d == u.unit {
				return code
			}
			return jen.Lit(int(d / u.unit)).Op("*").Add(code)
		}
	}
	panic("unreachable")
}
