package analyzer

// The kinds of diagnostics found here, beside those of generation.
const (
	codeStale   = "RG060" // an output that is not what would be generated
	codeIdle    = "RG061" // a directive without which the same would be generated
	codeDropped = "RG062" // a wrapper that is constructed and dropped
	codePast    = "RG063" // a call past the wrapper, of what it wraps
)
