package resil

import "reflect"

// ClientOf returns the client of a generated wrapper, or nil if w is none. It is
// for wrappers of interfaces that have a method Resilience of their own; others
// have that method to return it.
func ClientOf(w any) *Client {
	v := reflect.ValueOf(w)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	v = v.Elem()
	for i := range v.NumField() {
		if v.Field(i).Type() == reflect.TypeFor[*Client]() {
			return (*Client)(v.Field(i).UnsafePointer())
		}
	}
	return nil
}
