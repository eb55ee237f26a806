package resilotel

import "go.opentelemetry.io/otel/attribute"

// errorType is the attribute that says what kind of error an operation ended with.
const errorType = attribute.Key("error.type")

// key is the attribute of resilgen with that name.
func key(name string) attribute.Key { return attribute.Key("resil." + name) }

// attributes are those with these names and values.
func attributes(names, values []string) []attribute.KeyValue {
	list := make([]attribute.KeyValue, len(names), len(names)+1)
	for i, name := range names {
		list[i] = key(name).String(values[i])
	}
	return list
}
