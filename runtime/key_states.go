package resil

import "sync"

// keyStates know which of the keys that are held have a breaker that is not closed, so
// that stats need not look at all keys.
type keyStates struct {
	opened    uint64   // how many times breakers of keys have opened; guarded by the pool's mu
	notClosed sync.Map // *CircuitBreaker → struct{}, of held keys; changed under the pool's mu
}

// enter notes the state that a key's breaker enters. The caller holds the pool's mu.
func (s *keyStates) enter(c *CircuitBreaker, to State) {
	switch {
	case c.entry == nil || c.forgotten:
	case to == StateClosed:
		s.notClosed.Delete(c)
	default:
		s.notClosed.Store(c, struct{}{})
	}
}

// forget drops the breaker of a key that has lost its place. The caller holds the pool's
// mu.
func (s *keyStates) forget(c *CircuitBreaker) {
	c.forgotten = true // a result that outlived its call may still open it
	s.notClosed.Delete(c)
}

// count returns how many of the keys that are held are in each state. It holds no lock.
func (g *breakers) count(keys int) (states [StateForcedClosed + 1]int) {
	now, closed := g.client.now(), keys
	for c := range g.keys.notClosed.Range {
		if state := c.(*CircuitBreaker).phase.Load().stateAt(now); state != StateClosed {
			states[state]++
			closed--
		}
	}
	states[StateClosed] = max(closed, 0) // keys come and go meanwhile
	return states
}
