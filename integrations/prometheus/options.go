package resilprom

import "github.com/resilgen/resilgen/internal/metric"

// An Option changes which series there are: [WithoutMethod].
type Option func(*metric.View)

// WithoutMethod leaves out the label method: the series of a client's methods are added up.
// It is for programs with so many methods that their series would be too many.
func WithoutMethod() Option { return func(v *metric.View) { v.WithoutMethod = true } }

func viewOf(opts []Option) (v metric.View) {
	for _, opt := range opts {
		opt(&v)
	}
	return v
}
