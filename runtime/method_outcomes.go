package resil

// Outcomes returns the calls that ended, by their [Outcome]. Their sum is Calls.
func (s *MethodStats) Outcomes() [OutcomePanicked + 1]uint64 {
	return [...]uint64{
		OutcomeSucceeded: s.Succeeded,
		OutcomeFailed:    s.Failed,
		OutcomeExhausted: s.Exhausted,
		OutcomeBudget:    s.Budget,
		OutcomeDeadline:  s.Deadline,
		OutcomeLater:     s.Later,
		OutcomeOpen:      s.Open,
		OutcomeLimited:   s.Limited,
		OutcomeFull:      s.Full,
		OutcomeTimedOut:  s.TimedOut,
		OutcomeCanceled:  s.Canceled,
		OutcomePanicked:  s.Panicked,
	}
}
