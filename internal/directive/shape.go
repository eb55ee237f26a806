package directive

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// A shape is what the tags of a struct type say: of a language, or of a
// directive's. It takes reflect a while to find out, so it is kept.
type shape struct {
	fields      []reflect.StructField
	keyed       []reflect.StructField // those that keys set, in order
	keys        []string              // theirs
	positionals []string              // those whose values may stand first without them
	defaults    func() reflect.Value
}

var shapes sync.Map // by type

func shapeOf(t reflect.Type) *shape {
	if known, ok := shapes.Load(t); ok {
		return known.(*shape)
	}
	s := new(shape)
	if t.Kind() == reflect.Struct {
		s.fields = reflect.VisibleFields(t)
	}
	for _, f := range s.fields {
		key, positional := strings.CutSuffix(f.Tag.Get("key"), ",positional")
		if key == "" {
			continue
		}
		s.keyed, s.keys = append(s.keyed, f), append(s.keys, key)
		if positional {
			s.positionals = append(s.positionals, key)
		}
	}
	s.defaults = sync.OnceValue(func() reflect.Value {
		policy := reflect.New(t).Elem()
		for i, field := range s.keyed {
			if text, ok := field.Tag.Lookup("default"); ok {
				if _, err := setKey(policy, &s.keyed[i], text); err != nil {
					panic(fmt.Sprintf("directive: default of %s.%s: %v", t, field.Name, err))
				}
			}
		}
		return policy
	})
	known, _ := shapes.LoadOrStore(t, s)
	return known.(*shape)
}

// field is the one that a key sets, nil if there is none.
func (s *shape) field(key string) *reflect.StructField {
	for i, k := range s.keys {
		if k == key {
			return &s.keyed[i]
		}
	}
	return nil
}

// directiveField finds the field of a language that holds the directive.
func directiveField(lang reflect.Value, name string) (reflect.Value, bool) {
	for _, f := range shapeOf(lang.Type()).fields {
		if f.Tag.Get("directive") == name && name != "" {
			return lang.FieldByIndex(f.Index), true
		}
	}
	return reflect.Value{}, false
}

// directiveShape is that of the struct which a language holds for a directive.
func directiveShape(slot reflect.Value) *shape {
	if slot.Kind() == reflect.Pointer {
		return shapeOf(slot.Type().Elem())
	}
	return shapeOf(slot.Type())
}

// Directives lists the directives of a language, a struct with the tags that
// [Policy] describes, in its order.
func Names(language any) (names []string) {
	for _, f := range shapeOf(reflect.TypeOf(language)).fields {
		if name := f.Tag.Get("directive"); name != "" {
			names = append(names, name)
		}
	}
	return names
}
