package annotations

import (
	"cmp"
	"reflect"
	"strings"
)

// A Reference describes a directive, as the tags of [Language] do.
type Reference struct {
	Name  string
	Help  string
	Place string // where it may stand
	Keys  []KeyReference
}

// A KeyReference describes a key of a directive.
type KeyReference struct {
	Name       string
	Positional int    // where its value may stand without the name, from 1; 0 for nowhere
	Default    string // empty where there is none
	Values     string // its range in words, or empty
	Help       string
}

// References describes every directive, in the order of [Language].
func References() (list []Reference) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Language]()) {
		name := f.Tag.Get("directive")
		if name == "" {
			continue
		}
		r := Reference{Name: name, Help: f.Tag.Get("help"), Place: places(f.Tag)}
		if f.Type.Kind() == reflect.Pointer {
			r.Keys = keyReferences(f.Type.Elem())
		}
		list = append(list, r)
	}
	return list
}

// CommonKeys describes the keys that go with every directive.
func CommonKeys() []KeyReference { return keyReferences(reflect.TypeFor[Language]()) }

func keyReferences(t reflect.Type) (keys []KeyReference) {
	unnamed := 0
	for _, f := range reflect.VisibleFields(t) {
		name, positional := strings.CutSuffix(f.Tag.Get("key"), ",positional")
		if name == "" {
			continue
		}
		place := 0
		if positional {
			unnamed++
			place = unnamed
		}
		k := KeyReference{
			Name:       name,
			Positional: place,
			Default:    f.Tag.Get("default"),
			Values:     cmp.Or(f.Tag.Get("values"), interval(f.Tag.Get("range"))),
			Help:       f.Tag.Get("help"),
		}
		_, hasOff := f.Tag.Lookup("off")
		if hasOff {
			k.Values += ", or off"
		}
		if _, ok := f.Tag.Lookup("on"); ok {
			k.Help += "; on " + places(f.Tag) + " only"
			if hasOff {
				k.Help += ", but for off"
			}
		}
		keys = append(keys, k)
	}
	return keys
}

// places says where something may stand whose tag on lists it, or anywhere.
func places(tag reflect.StructTag) string {
	on, ok := tag.Lookup("on")
	if !ok {
		on = "interface,embedded,method"
	}
	var list []string
	for place := range strings.SplitSeq(on, ",") {
		list = append(list, placeNames[place])
	}
	if n := len(list) - 1; n > 0 {
		return strings.Join(list[:n], ", ") + " or " + list[n]
	}
	return list[0]
}

var placeNames = map[string]string{
	"interface": "an interface",
	"embedded":  "an embedded interface",
	"method":    "a method",
	"group":     "a comment group of its own",
}

// interval says a range in words: "1 to 100" for "[1,100]".
func interval(r string) string {
	if r == "" {
		return ""
	}
	low, high, _ := strings.Cut(r[1:len(r)-1], ",")
	closed := r[0] == '['
	switch {
	case high != "" && closed:
		return low + " to " + high
	case high != "":
		return "above " + low + ", up to " + high
	case closed:
		return low + " or more"
	}
	return "above " + low
}
