package resil

import "time"

// BudgetStats describes what a client may spend on retries and hedges, a token each, at the
// time of the snapshot. All is zero where there is no budget.
type BudgetStats struct {
	Share    Ratio  // of the answers of the last 10 s that may be spent; 0: no bound, or nothing to spend it on
	Answered uint64 // attempts that the callee answered in the last 10 s
	Spent    uint64 // tokens spent in the last 10 s, without those of the reserve
	Reserve  uint64 // tokens in the reserve, 10 at most
	Left     uint64 // tokens that could be spent now, the reserve's included; a key may spend half
}

func (b *budget) stats(plans []*plan, now time.Duration) BudgetStats {
	if b == nil {
		return BudgetStats{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.share == 0 {
		return BudgetStats{}
	}
	for _, p := range plans {
		b.update(p, now)
	}
	s := BudgetStats{
		Share:    b.share,
		Answered: b.answered.count(now),
		Spent:    b.spent.count(now),
		Reserve:  uint64((now - time.Duration(b.reserve.at(now))) / reserveEach),
	}
	earned := uint64(b.share) * s.Answered / uint64(hundredPercent)
	s.Left = earned - min(s.Spent, earned) + s.Reserve
	return s
}
