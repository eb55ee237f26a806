package resilpage

import "time"

// A Status says how a client does.
type Status string

const (
	StatusOK    Status = "ok"    // nothing to see
	StatusWatch Status = "watch" // works, and something is not as usual
	StatusIll   Status = "ill"   // a part of the calls fails or is refused
	StatusDown  Status = "down"  // calls are refused by a breaker, or nearly all fail
)

// rank orders by how bad it is.
func (s Status) rank() int {
	switch s {
	case StatusWatch:
		return 1
	case StatusIll:
		return 2
	case StatusDown:
		return 3
	}
	return 0
}

// word says of n clients that they have the status.
func (s Status) word(n int) string {
	switch s {
	case StatusWatch:
		if n == 1 {
			return "has minor trouble"
		}
		return "have minor trouble"
	case StatusOK:
		return are(n) + " well"
	}
	return are(n) + " " + string(s)
}

// A State is all that the page shows. Its JSON is the answer to application/json. Names and
// meanings of fields stay; new ones may come.
type State struct {
	At      time.Time     `json:"at"`
	Title   string        `json:"title"`   // which program this is: see WithTitle
	PID     int           `json:"pid"`     // of its process
	Status  Status        `json:"status"`  // the worst of the clients
	Summary string        `json:"summary"` // in words: which clients are ill
	Chaos   []string      `json:"chaos"`   // clients in which faults are injected on purpose
	Clients []ClientState `json:"clients"` // worst first
	Actions []Action      `json:"actions"` // of the page, newest first, 20 at most
}

// A ClientState is a client: the calls to one backend.
type ClientState struct {
	ID        string    `json:"id"`   // for actions; another one after the program has started again
	Name      string    `json:"name"` // of WithName, or of the interface
	Interface string    `json:"interface,omitempty"`
	Status    Status    `json:"status"`
	Findings  []Finding `json:"findings"` // what is not as usual, worst first
	Recent    Recent    `json:"recent"`   // of all methods

	Methods   []MethodState   `json:"methods"` // worst first, then as in the interface
	Breakers  []BreakerState  `json:"breakers"`
	Limits    []LimitState    `json:"limits"`
	Bulkheads []BulkheadState `json:"bulkheads"`
	Budget    *BudgetState    `json:"budget,omitempty"`

	Fleet     *FleetState                  `json:"fleet,omitempty"`     // nil for none
	Overrides map[string]map[string]string `json:"overrides,omitempty"` // in force
	Chaos     bool                         `json:"chaos"`               // faults are injected on purpose
	Faults    map[string]string            `json:"faults,omitempty"`    // these, by methods

	EventsDropped  uint64 `json:"eventsDropped"`  // changes of state that observers were too slow for
	ObserverPanics uint64 `json:"observerPanics"` // panics of observers
}

// A Finding is a thing that is not as usual.
type Finding struct {
	Status Status    `json:"status"`         // how bad it is
	Kind   string    `json:"kind"`           // for programs: breaker-open, limit-refuses, …
	Text   string    `json:"text"`           // what is so: "circuit breaker open for 12 s: calls are not sent, next try in 8 s"
	Since  time.Time `json:"since,omitzero"` // when it began, where that is known
	Why    string    `json:"why,omitempty"`
	Next   string    `json:"next,omitempty"`   // what happens by itself
	Effect string    `json:"effect,omitempty"` // what callers see of it
	Error  string    `json:"error,omitempty"`  // the last one
}

// Recent are the calls of the last minute, or of the seconds that the page has seen.
type Recent struct {
	Seconds  int               `json:"seconds"` // that the numbers are about; 0: none yet
	Calls    uint64            `json:"calls"`   // that ended
	Failed   uint64            `json:"failed"`  // without an answer of the callee: refused ones are not in it
	Refused  uint64            `json:"refused"` // by a guard, so that they were not sent to the callee
	Outcomes map[string]uint64 `json:"outcomes"`
	Attempts uint64            `json:"attempts"` // that reached the callee
	Line     []Point           `json:"line"`     // the last five minutes, five seconds each, oldest first
	Known    int               `json:"known"`    // points at the end of it that the page has seen
}

// A Point is a part of a [Recent.Line].
type Point struct {
	Calls   float64 `json:"calls"`   // a second
	Failed  float64 `json:"failed"`  // likewise
	Refused float64 `json:"refused"` // likewise
}

// A MethodState is a method.
type MethodState struct {
	Name       string            `json:"name"`
	Status     Status            `json:"status"`
	Policy     string            `json:"policy"`               // in force, as generated comments write it
	Words      []string          `json:"words"`                // the same in words
	Overridden []string          `json:"overridden,omitempty"` // what overrides have changed of it: "retry attempts=1 (Users)"
	Recent     Recent            `json:"recent"`
	Totals     map[string]uint64 `json:"totals"`  // calls by outcome, since the client was made
	Classes    map[string]uint64 `json:"classes"` // attempts by class, likewise

	Attempts         uint64 `json:"attempts"` // likewise, as the others below
	Retries          uint64 `json:"retries"`
	RetriedSuccesses uint64 `json:"retriedSuccesses"`
	Hedges           uint64 `json:"hedges"`
	HedgeWins        uint64 `json:"hedgeWins"`
	Fallbacks        uint64 `json:"fallbacks"`
	StreamFailures   uint64 `json:"streamFailures"`
	WouldRefuse      uint64 `json:"wouldRefuse"` // attempts past guards that only observe
	WouldTimeOut     uint64 `json:"wouldTimeOut"`
	WouldRetry       uint64 `json:"wouldRetry"`
	WouldHedge       uint64 `json:"wouldHedge"`
	Faults           uint64 `json:"faults"` // attempts that have met one on purpose
}

// A BreakerState is a circuit breaker, or one of its keys.
type BreakerState struct {
	Name  string `json:"name"`
	Per   string `json:"per,omitempty"`   // what it is kept by, as the directive has it
	KeyID string `json:"keyID,omitempty"` // of a key, for actions
	Key   string `json:"key,omitempty"`   // its text
	Mode  string `json:"mode"`            // enforce or observe
	State string `json:"state"`           // closed, open, half-open, forced-open, forced-closed; empty with keys

	Successes uint64 `json:"successes"` // in the window
	Failures  uint64 `json:"failures"`  // in the window
	Streak    uint64 `json:"streak"`    // failures in a row
	Opened    uint64 `json:"opened"`    // times

	Since       time.Time `json:"since,omitzero"` // when it left the closed state, or was forced
	RetryAfter  float64   `json:"retryAfter"`     // seconds until it probes
	ForcedFor   float64   `json:"forcedFor"`      // seconds that its state is still forced; 0: until it is reset, or not at all
	Rule        string    `json:"rule,omitempty"`
	LastError   string    `json:"lastError,omitempty"`
	LastFailure time.Time `json:"lastFailure,omitzero"`

	Keyed      bool           `json:"keyed"`
	Keys       int            `json:"keys,omitempty"`      // held
	KeyStates  map[string]int `json:"keyStates,omitempty"` // keys by state
	Overflowed uint64         `json:"overflowed,omitempty"`
	Worst      []BreakerState `json:"worst,omitempty"` // keys, worst first, 20 at most
	Found      int            `json:"found,omitempty"` // keys that match the filter; 0 without one
}

// A LimitState is a rate limit.
type LimitState struct {
	Name       string  `json:"name"`
	Mode       string  `json:"mode"`
	Rate       string  `json:"rate"`
	Fleet      bool    `json:"fleet"`          // of all processes together
	Part       string  `json:"part,omitempty"` // rate of this process, while the fleet is degraded
	Per        string  `json:"per,omitempty"`
	Burst      int     `json:"burst"`
	Tokens     int     `json:"tokens"`  // attempts that it would admit now
	Waiting    int     `json:"waiting"` // attempts
	Held       float64 `json:"held"`    // seconds for which a hint of the callee holds all back
	Keyed      bool    `json:"keyed"`
	Keys       int     `json:"keys,omitempty"`
	Overflowed uint64  `json:"overflowed,omitempty"`
}

// A BulkheadState is a bulkhead.
type BulkheadState struct {
	Name       string `json:"name"`
	Mode       string `json:"mode"`
	Per        string `json:"per,omitempty"`
	Calls      int    `json:"calls"` // places
	InUse      int    `json:"inUse"`
	Waiting    int    `json:"waiting"`
	Keyed      bool   `json:"keyed"`
	Keys       int    `json:"keys,omitempty"`
	Overflowed uint64 `json:"overflowed,omitempty"`
}

// A BudgetState is what a client may spend on retries and hedges.
type BudgetState struct {
	Share   string `json:"share"`   // of the answers of the last 10 s
	Spent   uint64 `json:"spent"`   // in the last 10 s
	Left    uint64 `json:"left"`    // now
	Reserve uint64 `json:"reserve"` // part of it
}
