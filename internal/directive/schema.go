package directive

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// A Key is one key of a directive or of a language, as the tags of its field
// describe it.
type Key struct {
	Name     string
	Position int               // where the value may stand without the key, counted from 1; 0 if it needs the key
	Tag      reflect.StructTag // of the field

	index []int // of the field in its struct
}

// Keys returns the keys of t, the struct type of a directive or of a language, in
// the order of its fields.
func Keys(t reflect.Type) []Key { return schemaOf(t).keys }

// A schema is what the tags of a struct type say, either of a language or of one
// directive.
type schema struct {
	fields   []reflect.StructField // all fields, in order
	keys     []Key                 // of the fields that have one, in order
	names    []string              // of the keys
	places   []string              // names of the keys whose values may stand first, without them
	defaults func() reflect.Value  // a struct with the defaults; its lists are shared
}

// schemas holds the schema of each type. Reading tags through reflect is slow.
var schemas sync.Map

func schemaOf(t reflect.Type) *schema {
	if known, ok := schemas.Load(t); ok {
		return known.(*schema)
	}
	s := new(schema)
	if t.Kind() == reflect.Struct {
		s.fields = reflect.VisibleFields(t)
	}
	for _, f := range s.fields {
		name, positional := strings.CutSuffix(f.Tag.Get("key"), ",positional")
		if name == "" {
			continue
		}
		key := Key{Name: name, Tag: f.Tag, index: f.Index}
		if positional {
			s.places = append(s.places, name)
			key.Position = len(s.places)
		}
		s.keys, s.names = append(s.keys, key), append(s.names, name)
	}
	s.defaults = sync.OnceValue(func() reflect.Value {
		policy := reflect.New(t).Elem()
		for _, key := range s.keys {
			if text, ok := key.Tag.Lookup("default"); ok {
				if _, err := key.set(policy, text); err != nil {
					panic(fmt.Sprintf("directive: default of %s %s: %v", t, key.Name, err))
				}
			}
		}
		return policy
	})
	known, _ := schemas.LoadOrStore(t, s)
	return known.(*schema)
}

// key returns the key of that name, or nil if there is none.
func (s *schema) key(name string) *Key {
	for i := range s.keys {
		if s.keys[i].Name == name {
			return &s.keys[i]
		}
	}
	return nil
}

// directiveField returns the field of a language that holds the directive, and
// false if there is none.
func directiveField(language reflect.Value, name string) (reflect.Value, bool) {
	for _, f := range schemaOf(language.Type()).fields {
		if f.Tag.Get("directive") == name && name != "" {
			return language.FieldByIndex(f.Index), true
		}
	}
	return reflect.Value{}, false
}

// directiveSchema returns the schema of the directive that a field of a language
// holds. It is empty for a directive without keys.
func directiveSchema(field reflect.Value) *schema {
	if field.Kind() == reflect.Pointer {
		return schemaOf(field.Type().Elem())
	}
	return schemaOf(field.Type())
}

// Names returns the names of the directives of language, a struct with the tags
// that the package comment describes, in the order of its fields.
func Names(language any) (names []string) {
	for _, f := range schemaOf(reflect.TypeOf(language)).fields {
		if name := f.Tag.Get("directive"); name != "" {
			names = append(names, name)
		}
	}
	return names
}
