package hidden

type (
	Struct     = struct{ X int }
	Map[V any] = map[string]V
)
