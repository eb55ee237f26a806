package metric

import (
	"strings"

	resil "github.com/resilgen/resilgen/runtime"
)

// Statistics are the metrics that Read has samples of. The others are histograms, which
// Distributions reads.
const Statistics = CallDuration

// Read returns the samples of the clients that registry lists, as a new [Reader] does.
func (v View) Read(registry *resil.Registry) []*Sample { return NewReader(v).Read(registry) }

// A Sample is the number of a series.
type Sample struct {
	ID     ID
	Values []string // of the attributes that the view has
	part   float64
	whole  float64 // of which part is a share; 0 where it is a number of its own
}

// Value returns the number.
func (s *Sample) Value() float64 {
	if s.whole == 0 {
		return s.part
	}
	return s.part / s.whole
}

// A reading gathers samples, one for each set of attributes.
type reading struct {
	view    View
	samples []*Sample
	index   map[string]*Sample // by metric and attributes
}

func newReading(v View) *reading { return &reading{view: v, index: map[string]*Sample{}} }

// add adds n to a series.
func (r *reading) add(id ID, n float64, values ...string) { r.sample(id, values).part += n }

// share adds a share to a series of shares. There is none of nothing.
func (r *reading) share(id ID, part, whole float64, values ...string) {
	if whole > 0 {
		s := r.sample(id, values)
		s.part += part
		s.whole += whole
	}
}

func (r *reading) sample(id ID, values []string) *Sample {
	return r.at(id, r.view.Values(id, values...))
}

// at returns the sample of a series, whose values are those that the view has.
func (r *reading) at(id ID, values []string) *Sample {
	key := keyOf(id, values)
	s := r.index[key]
	if s == nil {
		s = &Sample{ID: id, Values: values}
		r.index[key] = s
		r.samples = append(r.samples, s)
	}
	return s
}

func keyOf(id ID, values []string) string {
	return List[id].Name + "\x00" + strings.Join(values, "\x00")
}

func (r *reading) client(name string, stats resil.Stats) {
	for _, m := range stats.Methods {
		r.method(name, m)
		r.faults(stats, m)
	}
	for _, b := range stats.Breakers {
		r.breaker(name, b)
	}
	for _, l := range stats.Limits {
		r.add(LimitWaiting, float64(l.Waiting), name, l.Name)
		if l.Keyed {
			r.add(LimitKeys, float64(l.Keys), name, l.Name)
			r.add(LimitOverflows, float64(l.Overflowed), name, l.Name)
		} else {
			r.add(LimitAvailable, float64(l.Tokens), name, l.Name)
		}
	}
	for _, b := range stats.Bulkheads {
		r.add(BulkheadUsage, float64(b.InUse), name, b.Name)
		r.add(BulkheadWaiting, float64(b.Waiting), name, b.Name)
		if b.Keyed {
			r.add(BulkheadKeys, float64(b.Keys), name, b.Name)
			r.add(BulkheadOverflows, float64(b.Overflowed), name, b.Name)
		} else {
			r.add(BulkheadLimit, float64(b.Calls), name, b.Name)
		}
	}
	if b := stats.Budget; b.Share > 0 {
		earned := uint64(b.Share) * b.Answered / uint64(100*resil.Percent)
		all := float64(earned + fullReserve)
		r.share(BudgetUtilization, max(all-float64(b.Left), 0), all, name)
	}
	r.fleet(name, stats.Fleet)
	r.add(EventsDropped, float64(stats.EventsDropped), name)
	r.add(ObserverPanics, float64(stats.ObserverPanics), name)
}

// fleet adds how a client stands with its fleet. Most clients have none, and no series of it.
func (r *reading) fleet(client string, f resil.FleetStats) {
	if f.Status == resil.FleetNone {
		return
	}
	for status := resil.FleetJoining; status <= resil.FleetDegraded; status++ {
		n := 0.0
		if f.Status == status {
			n = 1
		}
		r.add(FleetStatus, n, client, status.String())
	}
	if f.Processes > 0 {
		r.share(FleetProcesses, float64(f.Processes), 1, client) // the mean, of clients with one name
	}
	r.add(FleetRequests, float64(f.Asks), client, "answered")
	r.add(FleetRequests, float64(f.AsksLost), client, "lost")
}

// fullReserve is how many tokens the reserve of a retry budget holds: see
// [resil.BudgetStats].
const fullReserve = 10

// Panicked stands for the class of an attempt that did not return.
const Panicked = "panicked"

func (r *reading) method(client string, m resil.MethodStats) {
	for outcome, n := range m.Outcomes() {
		r.add(Calls, float64(n), client, m.Name, resil.Outcome(outcome).String())
	}
	for class, n := range map[resil.Class]uint64{
		resil.Success:        m.Success,
		resil.Application:    m.Application,
		resil.Infrastructure: m.Infrastructure,
		resil.SystemFault:    m.System,
		resil.Throttled:      m.Throttled,
		resil.Unknown:        m.Unknown,
		resil.Canceled:       m.CanceledAttempts,
	} {
		r.add(Attempts, float64(n), client, m.Name, class.String())
	}
	r.add(Attempts, float64(m.PanickedAttempts), client, m.Name, Panicked)
	for id, n := range map[ID]uint64{
		Retries:          m.Retries,
		RetriedSuccesses: m.RetriedSuccesses,
		Hedges:           m.Hedges,
		HedgeWins:        m.HedgeWins,
		Fallbacks:        m.Fallbacks,
		StreamFailures:   m.StreamFailures,
	} {
		r.add(id, float64(n), client, m.Name)
	}
	for guard, n := range map[resil.GuardKind]uint64{
		resil.GuardBreaker:  m.WouldOpen,
		resil.GuardLimit:    m.WouldLimit,
		resil.GuardBulkhead: m.WouldFull,
	} {
		r.add(ShadowRefusals, float64(n), client, m.Name, guard.String())
	}
	for guard, n := range map[resil.GuardKind]uint64{
		resil.GuardTimeout: m.WouldTimeOut,
		resil.GuardRetry:   m.WouldRetry,
		resil.GuardHedge:   m.WouldHedge,
	} {
		r.add(ShadowActions, float64(n), client, m.Name, guard.String())
	}
}

// faults adds those of a method. Most clients never meet any, and have no series of them.
func (r *reading) faults(stats resil.Stats, m resil.MethodStats) {
	if !stats.Chaos && m.ChaosErrors+m.ChaosLatencies+m.ChaosHangs == 0 {
		return
	}
	for fault, n := range [...]uint64{
		resil.FaultError:   m.ChaosErrors,
		resil.FaultLatency: m.ChaosLatencies,
		resil.FaultHang:    m.ChaosHangs,
	} {
		r.add(ChaosFaults, float64(n), stats.Client, m.Name, resil.FaultKind(fault).String())
	}
}

func (r *reading) breaker(client string, b resil.BreakerStats) {
	states := b.KeyStates
	if !b.Keyed {
		states[b.State] = 1
	}
	for state, n := range states {
		r.add(BreakerStatus, float64(n), client, b.Name, resil.State(state).String(), b.Mode.String())
	}
	r.add(BreakerTransitions, float64(b.Opened), client, b.Name, resil.StateOpen.String())
	if b.Keyed {
		r.add(BreakerKeys, float64(b.Keys), client, b.Name)
		r.add(BreakerOverflows, float64(b.Overflowed), client, b.Name)
	} else {
		r.share(BreakerFailureRatio, float64(b.Failures), float64(b.Failures+b.Successes), client, b.Name)
	}
}
