package annotations

// The kinds of problem that this package finds beside those of single words,
// which package resil numbers.
const (
	codeNearMiss  = "RG010" // a comment that was meant as a directive and is none
	codeMisplaced = "RG011" // a directive on something that takes none
	codeDetached  = "RG012" // a directive that stands above nothing
	codeRepeated  = "RG013" // a directive that stands twice in one place
	codeLevel     = "RG014" // a directive or key that belongs on the interface
	codeName      = "RG015" // a wrapper's name that is no identifier
	codeGlob      = "RG016" // a methods= pattern that is malformed or matches nothing
	codeOverlap   = "RG017" // two directives of one name for the same method
	codeNoReach   = "RG018" // a directive that reaches no method
	codeSkip      = "RG019" // skip beside directives that it would undo
	codeShared    = "RG020" // settings that differ between methods which share them

	codeProfile     = "RG024" // a profile that is not there, is there twice, or that nothing uses
	codeInProfile   = "RG025" // what cannot stand in a profile
	codeDeclaration = "RG029" // an interface directive that lacks what it needs
	codeWaiver      = "RG026" // a waiver of what cannot be waived, without a reason, or without effect
)

// waivable are the checks of package generator that allow can waive: the code
// works, and it is the author who knows whether the call does. Without a context
// or an error a guard does not work, and what another value leaves without effect
// can be left out.
var waivable = []string{
	"RG032", // retry of a method that adds something, hedge of one that is not idempotent
	"RG033", // retry or hedge of a method with a parameter that the first attempt uses up
	"RG034", // timeout or hedge of a method whose result outlives the call
}
