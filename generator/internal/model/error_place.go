package model

import (
	"go/types"

	"github.com/resilgen/resilgen/generator/internal/sdk"
)

// An ErrorPlace says how the only result of a method holds the error of the call, where no
// error stands beside it.
type ErrorPlace int

const (
	ErrorBeside ErrorPlace = iota
	Settable               // it has Err() error, and a new one takes an error by SetErr
	Made                   // it has Err() error, and a function of a recipe makes one with an error
	Scanned                // it has nothing but Scan(...any) error, which makes the call
)

// errorPlaceOf returns how a result of a type holds an error, and the function of a recipe
// that makes one.
func errorPlaceOf(sig *types.Signature) (ErrorPlace, *sdk.Func) {
	if sig.Results().Len() != 1 {
		return ErrorBeside, nil
	}
	t := sig.Results().At(0).Type()
	if iface, ok := t.Underlying().(*types.Interface); ok {
		if iface.NumMethods() == 1 && hasMethod(t, "Scan", "func(...any) error") {
			return Scanned, nil
		}
		return ErrorBeside, nil
	}
	pointer, ok := types.Unalias(t).(*types.Pointer)
	if !ok || !hasMethod(t, "Err", "func() error") {
		return ErrorBeside, nil
	}
	if _, ok := pointer.Elem().Underlying().(*types.Struct); ok && hasMethod(t, "SetErr", "func(error)") {
		return Settable, nil
	}
	if fn := sdk.Maker(recipeType(t)); fn != nil {
		return Made, fn
	}
	return ErrorBeside, nil
}

// TellsFailure reports whether a call of the method can be told to have failed.
func (m *Method) TellsFailure() bool { return m.ReturnsError || m.ErrorPlace != ErrorBeside }

// resolveMaker finds the function that makes the method's results from errors.
func (m *Package) resolveMaker(src *Source, w *Wrapper, method *Method) {
	if method.ErrorPlace != Made || !method.HasGuard() {
		return
	}
	glue, problem := m.glue(w, method.maker)
	if problem != nil {
		src.reportOnce(problem.code, w.Spec.Pos(), problem.message)
		return
	}
	method.Maker = &Function{Generated: src.glueClassifier(w, method, glue)}
}
