package resil

import "reflect"

// walk visits err and everything that it wraps, parents first, until visit returns
// false.
func walk(err error, visit func(error) bool) bool {
	for err != nil {
		if !visit(err) {
			return false
		}
		several, one := unwrap(err)
		for _, err := range several {
			if !walk(err, visit) {
				return false
			}
		}
		err = one
	}
	return true
}

// unwrap returns what err wraps: several errors, or one, or nothing. The method of
// a foreign type may panic, as those of typed nils do; then err wraps nothing.
func unwrap(err error) (several []error, one error) {
	if isNil(err) {
		return nil, nil
	}
	defer func() { _ = recover() }()
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		one = e.Unwrap()
	case interface{ Unwrap() []error }:
		several = e.Unwrap()
	}
	return several, one
}

// isNil reports whether err is a typed nil: a nil pointer of a type that is an error.
// It is not equal to nil, and most of its methods panic.
func isNil(err error) bool {
	v := reflect.ValueOf(err)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// hollow reports whether there is a typed nil in err's tree.
func hollow(err error) bool {
	return !walk(err, func(err error) bool { return !isNil(err) })
}

// guarded calls a classifier with an error that has a typed nil in its tree. Such an
// error may make the classifier panic: then the result is the zero value.
func guarded[C any](classify func() C) (result C) {
	defer func() { _ = recover() }()
	return classify()
}
