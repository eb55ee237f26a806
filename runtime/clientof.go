package resil

import "reflect"

// ClientOf returns the client of a generated wrapper, or nil if w is not one. Most
// wrappers have a method Resilience for that; ClientOf is for wrappers of interfaces
// that have a method of this name themselves.
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
