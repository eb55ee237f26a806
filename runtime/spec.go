package resil

// SupportVersion1 is referred to by generated code. When it is undefined, the
// generated code is newer than the runtime: upgrade
// github.com/resilgen/resilgen, or generate again with the version in go.mod.
const SupportVersion1 = true

// A Spec describes a client: its methods, their policies, and the state that
// they share. Generated constructors hold one as a literal.
//
// Breakers and Limits are the client's state by name. Methods that refer to one
// name share one breaker or limiter.
type Spec struct {
	Name     string // the client's, as errors and stats show it
	Breakers map[string]Breaker
	Limits   map[string]Limit
	Methods  []MethodSpec
}

// A MethodSpec describes one method. The zero value of each policy is none.
type MethodSpec struct {
	Name     string
	Timeout  Timeout
	Retry    Retry
	Breaker  string       // the name of one of Spec.Breakers
	Limit    string       // the name of one of Spec.Limits
	Classify []Classifier // asked in order, Network last
}

// A Classifier says what class an error is, or Undecided to leave it to the next
// classifier. It is called with errors only, never nil, from any goroutine.
type Classifier func(error) Class
