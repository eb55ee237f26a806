// Package metric is the list of the metrics of clients, and reads them from a registry. The
// exporters to Prometheus and OpenTelemetry, the manual, the dashboard and the alerts all go
// by it.
package metric

// A Kind is what the numbers of a metric do.
type Kind uint8

const (
	Counter       Kind = iota // counts up
	UpDownCounter             // counts up and down; those of several processes add up
	Gauge                     // those of several processes do not add up: a share, or what all of them know
	Histogram                 // how many events there were, by size
)

// An ID is the place of a metric in the list.
type ID int

// A Metric is one family of series.
type Metric struct {
	Name       string // OpenTelemetry's
	Kind       Kind
	Unit       string   // UCUM; in braces what is counted
	Attributes []string // Prometheus's labels; OpenTelemetry's attributes are these after "resil."
	ErrorType  bool     // OpenTelemetry has the attribute error.type too, which repeats the outcome of a call that did not succeed
	Help       string
	Bounds     []float64 // of a histogram's buckets
}

// seconds are the bounds for durations that OpenTelemetry advises for HTTP and RPC, with
// 1 ms in front, for caches and databases.
var seconds = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// IDs of the metrics.
const (
	Calls ID = iota
	Attempts
	Retries
	RetriedSuccesses
	Hedges
	HedgeWins
	Fallbacks
	ShadowRefusals
	ShadowActions
	StreamFailures
	ChaosFaults

	BreakerStatus
	BreakerTransitions
	BreakerFailureRatio
	BreakerKeys
	BreakerOverflows

	LimitAvailable
	LimitWaiting
	LimitKeys
	LimitOverflows

	BulkheadUsage
	BulkheadLimit
	BulkheadWaiting
	BulkheadKeys
	BulkheadOverflows

	BudgetUtilization
	EventsDropped
	ObserverPanics

	FleetStatus
	FleetProcesses
	FleetRequests

	CallDuration
	AttemptDuration
	CallRetries

	end
)

// List has all metrics, by ID.
var List = [end]Metric{
	Calls:            {Name: "resil.client.calls", Kind: Counter, Unit: "{call}", Attributes: []string{"client", "method", "outcome"}, Help: "Calls that ended, by outcome."},
	Attempts:         {Name: "resil.client.attempts", Kind: Counter, Unit: "{attempt}", Attributes: []string{"client", "method", "class"}, Help: "Attempts that ended, by class; panicked are those that did not return."},
	Retries:          {Name: "resil.client.retries", Kind: Counter, Unit: "{retry}", Attributes: []string{"client", "method"}, Help: "Attempts after a failed one."},
	RetriedSuccesses: {Name: "resil.client.retried_successes", Kind: Counter, Unit: "{call}", Attributes: []string{"client", "method"}, Help: "Calls that succeeded after a retry."},
	Hedges:           {Name: "resil.client.hedges", Kind: Counter, Unit: "{hedge}", Attributes: []string{"client", "method"}, Help: "Attempts beside a slow one."},
	HedgeWins:        {Name: "resil.client.hedge_wins", Kind: Counter, Unit: "{call}", Attributes: []string{"client", "method"}, Help: "Calls that ended with the result of a hedge."},
	Fallbacks:        {Name: "resil.client.fallbacks", Kind: Counter, Unit: "{call}", Attributes: []string{"client", "method"}, Help: "Calls that the fallback answered."},
	ShadowRefusals:   {Name: "resil.client.shadow_refusals", Kind: Counter, Unit: "{attempt}", Attributes: []string{"client", "method", "guard"}, Help: "Attempts that passed a guard which refuses such attempts, because it only observes or is bypassed."},
	ShadowActions:    {Name: "resil.client.shadow_actions", Kind: Counter, Unit: "{action}", Attributes: []string{"client", "method", "guard"}, Help: "What policies would have done that only observe: calls that a timeout would have ended or a retry repeated, and hedges."},
	StreamFailures:   {Name: "resil.client.stream_failures", Kind: Counter, Unit: "{call}", Attributes: []string{"client", "method"}, Help: "Results that failed after a call that had succeeded."},
	ChaosFaults:      {Name: "resil.client.chaos.faults", Kind: Counter, Unit: "{attempt}", Attributes: []string{"client", "method", "fault"}, Help: "Attempts that met a fault on purpose, of clients where faults are on or have been."},

	BreakerStatus:       {Name: "resil.breaker.status", Kind: UpDownCounter, Unit: "1", Attributes: []string{"client", "breaker", "state", "mode"}, Help: "1 for the state that the breaker is in, 0 for the others; of a breaker kept by key, how many of its keys are in each state."},
	BreakerTransitions:  {Name: "resil.breaker.transitions", Kind: Counter, Unit: "{transition}", Attributes: []string{"client", "breaker", "to"}, Help: "How many times the breaker opened; of a breaker kept by key, all keys together."},
	BreakerFailureRatio: {Name: "resil.breaker.failure_ratio", Kind: Gauge, Unit: "1", Attributes: []string{"client", "breaker"}, Help: "Share of failures in the window of a closed breaker, if there is something in it; not of a breaker kept by key."},
	BreakerKeys:         {Name: "resil.breaker.keys", Kind: UpDownCounter, Unit: "{key}", Attributes: []string{"client", "breaker"}, Help: "Keys that the breaker holds."},
	BreakerOverflows:    {Name: "resil.breaker.overflows", Kind: Counter, Unit: "{call}", Attributes: []string{"client", "breaker"}, Help: "Calls whose key found no place in the breaker."},

	LimitAvailable: {Name: "resil.limit.available", Kind: UpDownCounter, Unit: "{attempt}", Attributes: []string{"client", "limit"}, Help: "Attempts that the limit would admit at once; not of a limit kept by key."},
	LimitWaiting:   {Name: "resil.limit.waiting", Kind: UpDownCounter, Unit: "{attempt}", Attributes: []string{"client", "limit"}, Help: "Attempts that wait for the limit."},
	LimitKeys:      {Name: "resil.limit.keys", Kind: UpDownCounter, Unit: "{key}", Attributes: []string{"client", "limit"}, Help: "Keys that the limit holds."},
	LimitOverflows: {Name: "resil.limit.overflows", Kind: Counter, Unit: "{call}", Attributes: []string{"client", "limit"}, Help: "Calls whose key found no place in the limit."},

	BulkheadUsage:     {Name: "resil.bulkhead.usage", Kind: UpDownCounter, Unit: "{attempt}", Attributes: []string{"client", "bulkhead"}, Help: "Attempts that have a place in the bulkhead."},
	BulkheadLimit:     {Name: "resil.bulkhead.limit", Kind: UpDownCounter, Unit: "{attempt}", Attributes: []string{"client", "bulkhead"}, Help: "Places that the bulkhead has; not of a bulkhead kept by key."},
	BulkheadWaiting:   {Name: "resil.bulkhead.waiting", Kind: UpDownCounter, Unit: "{attempt}", Attributes: []string{"client", "bulkhead"}, Help: "Attempts that wait for a place in the bulkhead."},
	BulkheadKeys:      {Name: "resil.bulkhead.keys", Kind: UpDownCounter, Unit: "{key}", Attributes: []string{"client", "bulkhead"}, Help: "Keys that the bulkhead holds."},
	BulkheadOverflows: {Name: "resil.bulkhead.overflows", Kind: Counter, Unit: "{call}", Attributes: []string{"client", "bulkhead"}, Help: "Calls whose key found no place in the bulkhead."},

	BudgetUtilization: {Name: "resil.retry_budget.utilization", Kind: Gauge, Unit: "1", Attributes: []string{"client"}, Help: "Share of the retry budget, its reserve included, that is spent."},
	EventsDropped:     {Name: "resil.client.events_dropped", Kind: Counter, Unit: "{event}", Attributes: []string{"client"}, Help: "Changes of state that an observer was too slow to be told of."},
	ObserverPanics:    {Name: "resil.client.observer_panics", Kind: Counter, Unit: "{panic}", Attributes: []string{"client"}, Help: "Panics of observers."},

	FleetStatus:    {Name: "resil.fleet.status", Kind: UpDownCounter, Unit: "1", Attributes: []string{"client", "state"}, Help: "Of a client with a fleet, 1 for how it stands with the store, 0 for the others."},
	FleetProcesses: {Name: "resil.fleet.processes", Kind: Gauge, Unit: "{process}", Attributes: []string{"client"}, Help: "Processes of the fleet that the client last knew of, itself included; each process has the same number."},
	FleetRequests:  {Name: "resil.fleet.lease.requests", Kind: Counter, Unit: "{request}", Attributes: []string{"client", "result"}, Help: "Asks for tokens of limits that processes share, by result: answered or lost."},

	CallDuration:    {Name: "resil.client.call.duration", Kind: Histogram, Unit: "s", Attributes: []string{"client", "method", "outcome"}, ErrorType: true, Help: "How long calls took, attempts and waits together.", Bounds: seconds},
	AttemptDuration: {Name: "resil.client.attempt.duration", Kind: Histogram, Unit: "s", Attributes: []string{"client", "method", "class"}, Help: "How long attempts took.", Bounds: seconds},
	CallRetries:     {Name: "resil.client.call.retries", Kind: Histogram, Unit: "{retry}", Attributes: []string{"client", "method", "outcome"}, Help: "How many attempts after a failed one calls had that had some.", Bounds: []float64{1, 2, 3, 4, 5}},
}
