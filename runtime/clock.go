package resil

import "time"

// A clock is a call's view of its client's clock. Reading the time costs more than most of
// what a call does, so that a reading serves until the call has waited for something. The
// first is taken for the beginning of the call: nothing is waited for before it.
type clock struct {
	began    time.Duration // of the call, once isRead
	last     time.Duration // the last reading
	isRead   bool
	isRecent bool // nothing has been waited for since the last reading
}

// note takes a reading that somebody else has made just now.
func (k *clock) note(now time.Duration) {
	if !k.isRead {
		k.began, k.isRead = now, true
	}
	k.last, k.isRecent = now, true
}

// waited says that time may have passed.
func (k *clock) waited() { k.isRecent = false }

// now is the last reading if that is recent, and a new one otherwise.
func (c *call) now() time.Duration {
	if !c.clock.isRecent {
		c.clock.note(c.method.client.now())
	}
	return c.clock.last
}
