package model

import "github.com/resilgen/resilgen/annotations"

// The kinds of diagnostics found here, as docs/errors.md lists them.
const (
	codeContext   = "RG030" // a timeout or hedge on a method without a context
	codeNoError   = "RG031" // a guard on a method whose last result is not an error
	codeNameTaken = "RG035" // a generated name that the package has already
	codeInterface = "RG036" // an interface that cannot be wrapped
	codeSource    = "RG037" // a source file or a signature that does not compile
	codeFunction  = "RG038" // a classifier, fallback or error that does not exist or has another type
	codeNoEffect  = "RG041" // a directive or classifier that nothing asks, or a waiver that nothing needs
	codeKey       = "RG042" // a per= expression that cannot be a key
	codeToken     = "RG044" // a token= that names no field which can carry a token
	codeDerived   = "RG049" // an interface that cannot be made from the type that from= names
)

// The kinds that an allow directive can waive.
const (
	codeRepeat    = annotations.CodeRepeat
	codeParameter = annotations.CodeParameter
	codeResult    = annotations.CodeResult
)
