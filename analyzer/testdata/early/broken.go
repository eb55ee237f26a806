package early

import "context"

//resil:retry 3
type Broken interface {
	Get(ctx context.Context error
}
