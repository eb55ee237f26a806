package annotations

import (
	"reflect"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Reference describes a directive for its users.
type Reference struct {
	Name    string
	Help    string
	Place   string // where it may stand, in words
	Example string // a directive without //resil:
	Keys    []KeyReference
}

// A KeyReference describes a key of a directive for its users.
type KeyReference struct {
	Name     string
	Position int    // where the value may stand without the key, counted from 1; 0 if it needs the key
	Default  string // empty if there is none
	Values   string // the range in words; empty if there is none
	Help     string
}

// References returns the descriptions of all directives, in the order of their
// documentation.
func References() (list []Reference) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[language]()) {
		name := f.Tag.Get("directive")
		if name == "" {
			continue
		}
		r := Reference{Name: name, Help: f.Tag.Get("help"), Place: places(f.Tag), Example: f.Tag.Get("example")}
		if f.Type.Kind() == reflect.Pointer {
			r.Keys = keyReferences(f.Type.Elem())
		}
		list = append(list, r)
	}
	return list
}

// CommonKeys returns the descriptions of the keys that every directive takes.
func CommonKeys() []KeyReference { return keyReferences(reflect.TypeFor[language]()) }

func keyReferences(t reflect.Type) (list []KeyReference) {
	for _, k := range directive.Keys(t) {
		help := k.Tag.Get("help")
		if _, ok := k.Tag.Lookup("on"); ok {
			help += "; on " + places(k.Tag) + " only"
			if _, ok := k.Tag.Lookup("off"); ok {
				help += ", but for off"
			}
		}
		list = append(list, KeyReference{k.Name, k.Position, k.Tag.Get("default"), k.Range(), help})
	}
	return list
}

// places returns the places that the tag on lists, in words. Without that tag they
// are all where a policy may stand.
func places(tag reflect.StructTag) string {
	on, ok := tag.Lookup("on")
	if !ok {
		on = "interface,embedded,method"
	}
	var list []string
	for place := range strings.SplitSeq(on, ",") {
		list = append(list, placeNames[place])
	}
	return directive.OneOf(list)
}

// placeNames has the places of the tag on in words.
var placeNames = map[string]string{
	"interface": "an interface",
	"embedded":  "an embedded interface",
	"method":    "a method",
	"group":     "a comment group of its own",
}
