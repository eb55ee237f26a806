package resilprom

import (
	"strings"

	resil "github.com/resilgen/resilgen/runtime"
)

// A scrape gathers samples, one for each set of labels.
type scrape struct {
	options options
	samples []*sample
	index   map[string]*sample // by metric and labels
}

// A sample is the number of a series.
type sample struct {
	metric int
	labels []string
	part   float64
	whole  float64 // of which part is a share; 0 where it is a number of its own
}

func (s *sample) value() float64 {
	if s.whole == 0 {
		return s.part
	}
	return s.part / s.whole
}

// add adds n to a series.
func (s *scrape) add(metric int, n float64, labels ...string) {
	s.sample(metric, labels).part += n
}

// share adds a share to a series of shares. There is none of nothing.
func (s *scrape) share(metric int, part, whole float64, labels ...string) {
	if whole > 0 {
		v := s.sample(metric, labels)
		v.part += part
		v.whole += whole
	}
}

func (s *scrape) sample(metric int, labels []string) *sample {
	m := &metrics[metric]
	labels = valid(without(labels, s.options.dropped(m)))
	key := m.name + "\x00" + strings.Join(labels, "\x00")
	v := s.index[key]
	if v == nil {
		v = &sample{metric: metric, labels: labels}
		s.index[key] = v
		s.samples = append(s.samples, v)
	}
	return v
}

// valid returns labels as Prometheus accepts them. Names of clients are free text.
func valid(labels []string) []string {
	for i, l := range labels {
		labels[i] = strings.ToValidUTF8(l, "\uFFFD")
	}
	return labels
}

func (s *scrape) client(stats resil.Stats) {
	for _, m := range stats.Methods {
		s.method(stats.Client, m)
	}
	for _, b := range stats.Breakers {
		s.breaker(stats.Client, b)
	}
	for _, l := range stats.Limits {
		if l.Keyed {
			s.add(limitKeys, float64(l.Keys), stats.Client, l.Name)
			s.add(limitOverflows, float64(l.Overflowed), stats.Client, l.Name)
		} else {
			s.add(limitAvailable, float64(l.Tokens), stats.Client, l.Name)
		}
	}
	for _, b := range stats.Bulkheads {
		if b.Keyed {
			s.add(bulkheadKeys, float64(b.Keys), stats.Client, b.Name)
			s.add(bulkheadOverflows, float64(b.Overflowed), stats.Client, b.Name)
		} else {
			s.add(bulkheadUsage, float64(b.InUse), stats.Client, b.Name)
			s.add(bulkheadLimit, float64(b.Calls), stats.Client, b.Name)
		}
	}
	if b := stats.Budget; b.Share > 0 {
		earned := uint64(b.Share) * b.Answered / uint64(100*resil.Percent)
		all := float64(earned + fullReserve)
		s.share(budgetUtilization, max(all-float64(b.Left), 0), all, stats.Client)
	}
	s.add(eventsDropped, float64(stats.EventsDropped), stats.Client)
	s.add(observerPanics, float64(stats.ObserverPanics), stats.Client)
}

// fullReserve is how many tokens the reserve of a retry budget holds: see
// [resil.BudgetStats].
const fullReserve = 10

func (s *scrape) method(client string, m resil.MethodStats) {
	for outcome, n := range map[resil.Outcome]uint64{
		resil.OutcomeSucceeded: m.Succeeded,
		resil.OutcomeFailed:    m.Failed,
		resil.OutcomeExhausted: m.Exhausted,
		resil.OutcomeBudget:    m.Budget,
		resil.OutcomeDeadline:  m.Deadline,
		resil.OutcomeLater:     m.Later,
		resil.OutcomeOpen:      m.Open,
		resil.OutcomeLimited:   m.Limited,
		resil.OutcomeFull:      m.Full,
		resil.OutcomeTimedOut:  m.TimedOut,
		resil.OutcomeCanceled:  m.Canceled,
		resil.OutcomePanicked:  m.Panicked,
	} {
		s.add(calls, float64(n), client, m.Name, outcome.String())
	}
	for class, n := range map[resil.Class]uint64{
		resil.Success:        m.Success,
		resil.Application:    m.Application,
		resil.Infrastructure: m.Infrastructure,
		resil.SystemFault:    m.System,
		resil.Throttled:      m.Throttled,
		resil.Unknown:        m.Unknown,
	} {
		s.add(attempts, float64(n), client, m.Name, class.String())
	}
	for metric, n := range map[int]uint64{
		retries:          m.Retries,
		retriedSuccesses: m.RetriedSuccesses,
		hedges:           m.Hedges,
		hedgeWins:        m.HedgeWins,
		fallbacks:        m.Fallbacks,
		streamFailures:   m.StreamFailures,
	} {
		s.add(metric, float64(n), client, m.Name)
	}
	for guard, n := range map[resil.GuardKind]uint64{
		resil.GuardBreaker:  m.WouldOpen,
		resil.GuardLimit:    m.WouldLimit,
		resil.GuardBulkhead: m.WouldFull,
	} {
		s.add(shadowRefusals, float64(n), client, m.Name, guard.String())
	}
	for policy, n := range map[resil.GuardKind]uint64{
		resil.GuardTimeout: m.WouldTimeOut,
		resil.GuardRetry:   m.WouldRetry,
		resil.GuardHedge:   m.WouldHedge,
	} {
		s.add(shadowActions, float64(n), client, m.Name, policy.String())
	}
	for fault, n := range map[resil.FaultKind]uint64{
		resil.FaultError:   m.ChaosErrors,
		resil.FaultLatency: m.ChaosLatencies,
		resil.FaultHang:    m.ChaosHangs,
	} {
		s.add(faults, float64(n), client, m.Name, fault.String())
	}
}

func (s *scrape) breaker(client string, b resil.BreakerStats) {
	status := func(state resil.State, n int) {
		s.add(breakerStatus, float64(n), client, b.Name, state.String())
	}
	if b.Keyed {
		status(resil.StateClosed, max(b.Keys-b.OpenKeys, 0)) // they are read one after another
		status(resil.StateOpen, b.OpenKeys)
		s.add(breakerKeys, float64(b.Keys), client, b.Name)
		s.add(breakerOverflows, float64(b.Overflowed), client, b.Name)
		return
	}
	for state := resil.StateClosed; state <= resil.StateForcedClosed; state++ {
		status(state, 0)
	}
	status(b.State, 1)
	s.add(breakerTransitions, float64(b.Opened), client, b.Name, resil.StateOpen.String())
	s.share(breakerFailureRatio, float64(b.Failures), float64(b.Failures+b.Successes), client, b.Name)
}
