package resilprom

import "slices"

// Types of metrics, as the exposition format calls them.
const (
	counter   = "counter"
	gauge     = "gauge"
	histogram = "histogram"
)

// A metric is one family of series.
type metric struct {
	name   string
	typ    string
	unit   string // UCUM; in braces what is counted
	labels []string
	help   string
	bounds []float64 // of a histogram's buckets
}

// seconds are the bounds for durations that OpenTelemetry advises for HTTP and RPC, with
// 1 ms in front, for caches and databases.
var seconds = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Indexes of metrics.
const (
	calls = iota
	attempts
	retries
	retriedSuccesses
	hedges
	hedgeWins
	fallbacks
	shadowRefusals
	shadowActions
	streamFailures
	faults

	breakerStatus
	breakerTransitions
	breakerFailureRatio
	breakerKeys
	breakerOverflows

	limitAvailable
	limitKeys
	limitOverflows

	bulkheadUsage
	bulkheadLimit
	bulkheadKeys
	bulkheadOverflows

	budgetUtilization
	eventsDropped
	observerPanics

	callDuration
	attemptDuration
	callRetries
)

// metrics are all that the package exports. The README shows the same table.
var metrics = [...]metric{
	calls:            {name: "resil_client_calls_total", typ: counter, unit: "{call}", labels: []string{"client", "method", "outcome"}, help: "Calls that ended, by outcome."},
	attempts:         {name: "resil_client_attempts_total", typ: counter, unit: "{attempt}", labels: []string{"client", "method", "class"}, help: "Attempts that ended, by class, without canceled ones and panics."},
	retries:          {name: "resil_client_retries_total", typ: counter, unit: "{attempt}", labels: []string{"client", "method"}, help: "Attempts after a failed one."},
	retriedSuccesses: {name: "resil_client_retried_successes_total", typ: counter, unit: "{call}", labels: []string{"client", "method"}, help: "Calls that succeeded after a retry."},
	hedges:           {name: "resil_client_hedges_total", typ: counter, unit: "{attempt}", labels: []string{"client", "method"}, help: "Attempts beside a slow one."},
	hedgeWins:        {name: "resil_client_hedge_wins_total", typ: counter, unit: "{call}", labels: []string{"client", "method"}, help: "Calls that ended with the result of a hedge."},
	fallbacks:        {name: "resil_client_fallbacks_total", typ: counter, unit: "{call}", labels: []string{"client", "method"}, help: "Calls that the fallback answered."},
	shadowRefusals:   {name: "resil_client_shadow_refusals_total", typ: counter, unit: "{attempt}", labels: []string{"client", "method", "guard"}, help: "Attempts that passed a guard which refuses such attempts, because it only observes or is bypassed."},
	shadowActions:    {name: "resil_client_shadow_actions_total", typ: counter, unit: "{action}", labels: []string{"client", "method", "policy"}, help: "What policies that only observe would have done: calls that a timeout would have ended, calls that a retry would have repeated, attempts beside which a hedge would have started."},
	streamFailures:   {name: "resil_client_stream_failures_total", typ: counter, unit: "{call}", labels: []string{"client", "method"}, help: "Results that failed after a call that had succeeded."},
	faults:           {name: "resil_client_faults_total", typ: counter, unit: "{attempt}", labels: []string{"client", "method", "fault"}, help: "Attempts that met a fault on purpose: see resil.WithChaos."},

	breakerStatus:       {name: "resil_breaker_status", typ: gauge, unit: "1", labels: []string{"client", "breaker", "state"}, help: "1 for the state that the breaker is in, 0 for the others; of a breaker kept by key, how many keys are closed and how many are not, as open."},
	breakerTransitions:  {name: "resil_breaker_transitions_total", typ: counter, unit: "{transition}", labels: []string{"client", "breaker", "to"}, help: "How many times the breaker opened; not of a breaker kept by key."},
	breakerFailureRatio: {name: "resil_breaker_failure_ratio", typ: gauge, unit: "1", labels: []string{"client", "breaker"}, help: "Share of failures in the window of a closed breaker, if there is something in it; not of a breaker kept by key."},
	breakerKeys:         {name: "resil_breaker_keys", typ: gauge, unit: "{key}", labels: []string{"client", "breaker"}, help: "Keys that the breaker holds."},
	breakerOverflows:    {name: "resil_breaker_overflows_total", typ: counter, unit: "{call}", labels: []string{"client", "breaker"}, help: "Calls whose key found no place in the breaker."},

	limitAvailable: {name: "resil_limit_available", typ: gauge, unit: "{attempt}", labels: []string{"client", "limit"}, help: "Attempts that the limit would admit at once; not of a limit kept by key."},
	limitKeys:      {name: "resil_limit_keys", typ: gauge, unit: "{key}", labels: []string{"client", "limit"}, help: "Keys that the limit holds."},
	limitOverflows: {name: "resil_limit_overflows_total", typ: counter, unit: "{call}", labels: []string{"client", "limit"}, help: "Calls whose key found no place in the limit."},

	bulkheadUsage:     {name: "resil_bulkhead_usage", typ: gauge, unit: "{attempt}", labels: []string{"client", "bulkhead"}, help: "Attempts that have a place in the bulkhead; not of a bulkhead kept by key."},
	bulkheadLimit:     {name: "resil_bulkhead_limit", typ: gauge, unit: "{attempt}", labels: []string{"client", "bulkhead"}, help: "Places that the bulkhead has; not of a bulkhead kept by key."},
	bulkheadKeys:      {name: "resil_bulkhead_keys", typ: gauge, unit: "{key}", labels: []string{"client", "bulkhead"}, help: "Keys that the bulkhead holds."},
	bulkheadOverflows: {name: "resil_bulkhead_overflows_total", typ: counter, unit: "{call}", labels: []string{"client", "bulkhead"}, help: "Calls whose key found no place in the bulkhead."},

	budgetUtilization: {name: "resil_retry_budget_utilization_ratio", typ: gauge, unit: "1", labels: []string{"client"}, help: "Share of the retry budget, its reserve included, that is spent."},
	eventsDropped:     {name: "resil_client_events_dropped_total", typ: counter, unit: "{event}", labels: []string{"client"}, help: "Changes of state that an observer was too slow to be told of."},
	observerPanics:    {name: "resil_client_observer_panics_total", typ: counter, unit: "{panic}", labels: []string{"client"}, help: "Panics of observers."},

	callDuration:    {name: "resil_client_call_duration_seconds", typ: histogram, unit: "s", labels: []string{"client", "method", "outcome"}, help: "How long calls took, attempts and waits together.", bounds: seconds},
	attemptDuration: {name: "resil_client_attempt_duration_seconds", typ: histogram, unit: "s", labels: []string{"client", "method", "class"}, help: "How long attempts took.", bounds: seconds},
	callRetries:     {name: "resil_client_call_retries", typ: histogram, unit: "{attempt}", labels: []string{"client", "method", "outcome"}, help: "Attempts after the first one, hedges included, of calls that had some.", bounds: []float64{1, 2, 3, 4, 5}},
}

// An Option changes which series there are: [WithoutMethod].
type Option func(*options)

type options struct{ withoutMethod bool }

// WithoutMethod leaves out the label method: the series of a client's methods are added up.
// It is for programs with so many methods that their series would be too many.
func WithoutMethod() Option { return func(o *options) { o.withoutMethod = true } }

func newOptions(opts []Option) (o options) {
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// dropped returns which of m's labels is left out, or -1 for none.
func (o options) dropped(m *metric) int {
	if !o.withoutMethod {
		return -1
	}
	return slices.Index(m.labels, "method")
}

// without returns labels, or their values, without the one that is dropped.
func without(labels []string, dropped int) []string {
	if dropped < 0 {
		return labels
	}
	return slices.Delete(slices.Clone(labels), dropped, dropped+1)
}
