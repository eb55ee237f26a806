package analyzer

// The codes of what only the analyzer finds.
const (
	codeStale    = "RG060" // an output that is not what would be generated
	codeNoEffect = "RG061" // a directive without which the same would be generated
	codeNotKept  = "RG062" // a wrapper that is constructed and not kept
	codeBypass   = "RG063" // a call of what a wrapper wraps, where the wrapper could be called

	codeShortLived = "RG064" // a wrapper that is constructed for each request
)
