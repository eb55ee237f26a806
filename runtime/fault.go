package resil

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// maxHang is how long an attempt hangs whose context does not end.
const maxHang = time.Minute

// A FaultKind is a kind of fault that an attempt has met: see [WithChaos].
type FaultKind uint8

const (
	FaultError   FaultKind = iota // it failed, and the callee was not called
	FaultLatency                  // it waited before the callee was called, or before it failed
	FaultHang                     // it lasted until its context ended
	faultKinds   = iota
)

var faultNames = directive.Enum[FaultKind]{"error", "latency", "hang"}

func (k FaultKind) String() string { return faultNames.Text(k) }

// faults are what attempts of a method may meet, and how many have.
type faults struct {
	inForce atomic.Pointer[Fault]
	hits    [faultKinds]atomic.Uint64
}

// newFaults returns nil without chaos.
func newFaults(c *Client) *faults {
	if !c.armed {
		return nil
	}
	f := new(faults)
	f.inForce.Store(new(Fault))
	return f
}

// fill adds the counters to a snapshot.
func (f *faults) fill(s *MethodStats) {
	if f == nil {
		return
	}
	s.ChaosErrors = f.hits[FaultError].Load()
	s.ChaosLatencies = f.hits[FaultLatency].Load()
	s.ChaosHangs = f.hits[FaultHang].Load()
}

// fault returns what an attempt with this context may meet.
func (m *Method) fault(ctx context.Context) Fault {
	if !m.client.chaosOn.Load() {
		return Fault{}
	}
	w, asks := ctx.Value(wishKey{}).(*wish)
	if asks && w.own != nil {
		if own, named := w.own.of(m.aliases()); named {
			return own
		}
	}
	if f := *m.faults.inForce.Load(); f.Always || asks && w.own == nil {
		return f
	}
	return Fault{}
}

// strike has the attempt under way meet the fault that is meant for it, and calls f
// unless that takes its place.
func (c *call) strike(ctx context.Context, f func(context.Context) error) error {
	fault := c.method.fault(ctx)
	fate := Ratio(rand.Int64N(int64(hundredPercent)))
	if fate < fault.Hangs {
		return c.hang(ctx)
	}
	if Ratio(rand.Int64N(int64(hundredPercent))) < fault.Slow {
		if err := c.slow(ctx, fault.latency()); err != nil {
			return err
		}
	}
	if fate < fault.Hangs+fault.Errors {
		err := &injected{error: fault.Err, by: c.method}
		if fault.Err == nil {
			err.error = Infra(ErrChaos)
		}
		c.hit(FaultError, 0, err)
		return err
	}
	return f(ctx)
}

// latency returns how long one attempt waits.
func (f *Fault) latency() time.Duration {
	if f.LatencyMax <= f.Latency {
		return f.Latency
	}
	return f.Latency + rand.N(f.LatencyMax-f.Latency)
}

// slow waits, and returns an error if the context ends the wait.
func (c *call) slow(ctx context.Context, latency time.Duration) error {
	c.hit(FaultLatency, latency, nil)
	return c.lasts(ctx, latency, "a latency of "+latency.String())
}

// hang waits for the end of the context.
func (c *call) hang(ctx context.Context) error {
	c.hit(FaultHang, 0, nil)
	if err := c.lasts(ctx, maxHang, "a hang"); err != nil {
		return err
	}
	return &injected{error: Infra(fmt.Errorf("no answer for %s, and the context has not ended: %w", maxHang, ErrChaos)), by: c.method}
}

// lasts waits for a time. what is the fault that ctx has ended, if it has.
func (c *call) lasts(ctx context.Context, d time.Duration, what string) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &injected{ctx.Err(), what + ": ", c.method}
	}
}

// hit counts and tells of a fault.
func (c *call) hit(kind FaultKind, delay time.Duration, err error) {
	m := c.method
	m.faults.hits[kind].Add(1)
	if m.events != nil {
		m.event(c.caller, &Event{Kind: EventChaos, Attempt: c.attempts, Fault: kind, Delay: delay, Err: err})
	}
}

// An injected is the error of an attempt that a fault has ended.
type injected struct {
	error
	what string // what the context has ended, if it has
	by   *Method
}

func (e *injected) Error() string        { return "chaos: " + e.what + e.error.Error() }
func (e *injected) Unwrap() error        { return e.error }
func (e *injected) Is(target error) bool { return target == ErrChaos }

// isInjected reports whether the last attempt of a call of m that failed with err was ended
// by a fault, so that it has no results. The faults of a client below are the callee's.
func (m *Method) isInjected(err error) bool {
	if e, ok := err.(*Error); ok {
		err = e.Err
	}
	e, ok := err.(*injected)
	return ok && e.by == m
}
