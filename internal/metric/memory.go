package metric

import (
	"maps"

	resil "github.com/resilgen/resilgen/runtime"
)

// A memory keeps what clients that are removed have counted, as long as another has their
// name. T is what a client has counted, S adds it up.
type memory[T any, S interface{ client(name string, counted T) }] struct {
	last map[*resil.Client]T // at the last reading
	gone map[string]S        // of clients that are removed, by name
}

// read adds to all what each client that registry lists has counted, and returns what is kept
// of others, by name. zero makes an empty S.
func (m *memory[T, S]) read(registry *resil.Registry, count func(*resil.Client) T, all S, zero func() S) map[string]S {
	now, names := map[*resil.Client]T{}, map[string]bool{}
	for _, client := range registry.Clients() {
		if _, twice := now[client]; twice {
			continue
		}
		counted := count(client)
		now[client], names[client.Name()] = counted, true
		all.client(client.Name(), counted)
	}
	for client, counted := range m.last {
		if _, listed := now[client]; !listed && names[client.Name()] {
			m.retire(client.Name(), counted, zero)
		}
	}
	m.last = now
	maps.DeleteFunc(m.gone, func(name string, _ S) bool { return !names[name] })
	return m.gone
}

// retire keeps what a client has counted.
func (m *memory[T, S]) retire(name string, counted T, zero func() S) {
	if m.gone == nil {
		m.gone = map[string]S{}
	}
	if _, ok := m.gone[name]; !ok {
		m.gone[name] = zero()
	}
	m.gone[name].client(name, counted)
}
