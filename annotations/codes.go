package annotations

// The codes of the checks that an allow directive can waive. Package generator
// makes these checks.
const (
	CodeRepeat    = "RG032" // a retry of a method that may do something twice, or a hedge of one that is not idempotent
	CodeParameter = "RG033" // a retry or hedge of a method with a parameter that the first attempt uses up
	CodeResult    = "RG034" // a timeout or hedge of a method whose result outlives the call
)

// The codes of the problems that this package finds itself, beside those of package
// directive.
const (
	codeNearMiss    = "RG010" // a comment that was meant as a directive and is none
	codeMisplaced   = "RG011" // a directive on something that takes none
	codeDetached    = "RG012" // a directive that belongs to nothing
	codeRepeated    = "RG013" // a directive that stands twice in one place
	codeLevel       = "RG014" // a directive or key on a method that belongs on the interface, or the other way round
	codeName        = "RG015" // a name that is no Go identifier
	codeGlob        = "RG016" // a methods= pattern that is malformed or matches nothing
	codeOverlap     = "RG017" // two directives of one name for the same method
	codeNoReach     = "RG018" // a directive that reaches no method
	codeSkip        = "RG019" // skip beside directives that it makes pointless
	codeShared      = "RG020" // settings that differ between methods which share them
	codeProfile     = "RG024" // a profile that does not exist, exists twice, or is not used
	codeInProfile   = "RG025" // something that cannot stand in a profile
	codeWaiver      = "RG026" // a waiver of a check that cannot be waived, or without a reason
	codeDeclaration = "RG029" // an interface directive that lacks a name or a type
)
