package resil

import (
	"context"
	"reflect"
)

// A settable is a pointer to a T that holds the error of a call, and takes another.
type settable[T any] interface {
	*T
	Err() error
	SetErr(error)
}

// CallSetErr is [Call] for functions whose result holds its error, such as the commands
// of go-redis. Where the runtime had a part in the failure, the result is a new one that
// has nothing but the error.
func CallSetErr[T any, P settable[T]](ctx context.Context, m *Method, f func(context.Context) P) P {
	return CallErr(ctx, m, f, failed[T, P])
}

// CallErr is [CallSetErr] for results that take no other error. fail returns a
// result that holds the error of a call in whose failure the runtime had a part.
func CallErr[P hasErr](ctx context.Context, m *Method, f func(context.Context) P, fail func(error) P) P {
	var result P
	var own error
	err := m.run(ctx, func(ctx context.Context) error {
		result = f(ctx)
		own = errorIn(result)
		return own
	})
	if same(err, own) {
		return result
	}
	return fail(err)
}

// HedgedSetErr is [Hedged] for functions whose result holds its error: see
// [CallSetErr].
func HedgedSetErr[T any, P settable[T]](ctx context.Context, m *Method, f func(context.Context) P) P {
	return HedgedErr(ctx, m, f, failed[T, P])
}

// HedgedErr is [Hedged] for functions whose result holds its error: see
// [CallErr].
func HedgedErr[P hasErr](ctx context.Context, m *Method, f func(context.Context) P, fail func(error) P) P {
	result, err := Hedged(ctx, m, func(ctx context.Context) (P, error) {
		result := f(ctx)
		return result, errorIn(result)
	}, nil)
	if err == nil || same(err, errorIn(result)) {
		return result
	}
	return fail(err)
}

// A hasErr is a result that holds the error of a call.
type hasErr interface{ Err() error }

// errorIn returns the error that a result holds. A nil result holds none.
func errorIn[P hasErr](result P) error {
	if isNilPointer(result) {
		return nil
	}
	return result.Err()
}

func isNilPointer(v any) bool {
	value := reflect.ValueOf(v)
	return !value.IsValid() || value.Kind() == reflect.Pointer && value.IsNil()
}

// failed returns a new result that holds err.
func failed[T any, P settable[T]](err error) P {
	result := P(new(T))
	result.SetErr(err)
	return result
}

// same reports whether two errors are one value. Errors that cannot be compared are
// not.
func same(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// A ScanFunc is a result with nothing but a method Scan, such as a pgx.Row, that makes
// its call when it is read: only then is known whether the call has failed.
type ScanFunc func(dest ...any) error

// Scan makes the call and reads its result into dest.
func (f ScanFunc) Scan(dest ...any) error { return f(dest...) }
