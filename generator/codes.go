package generator

// The kinds of diagnostics found here, as docs/errors.md lists them.
const (
	codeTimeoutContext = "RG030" // a timeout on a method without a context
	codeNoError        = "RG031" // a guard on a method whose last result is not an error
	codeRetryAdds      = "RG032" // an inherited retry of a method that adds something
	codeRetryParameter = "RG033" // a retry of a method with a parameter that the first attempt uses up
	codeTimeoutResult  = "RG034" // a timeout on a method whose result outlives the call
	codeNameTaken      = "RG035" // a generated name that the package has already
	codeInterface      = "RG036" // an interface that cannot be wrapped
	codeSource         = "RG037" // a source file or a signature that does not compile
	codeClassifier     = "RG038" // a classifier that does not exist or has another type
	codeIntegration    = "RG039" // a classifier whose integration is not installed
	codeWrite          = "RG040" // an output that cannot be written
	codeNoEffect       = "RG041" // a directive that nothing asks
)
