package resil

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A turn is one attempt of a callee's.
type turn struct {
	Takes time.Duration
	How   ending
	Hint  time.Duration
	err   error
}

func (a turn) ownErr() error {
	err := fmt.Errorf("%v", a.How) // its own
	switch a.How {
	case answers:
		return App(err)
	case breaksDown:
		return Infra(fmt.Errorf("%w: %w", err, askedFor(a.Hint)))
	case isBroken:
		return System(err)
	case throttles:
		return Throttle(err, a.Hint)
	}
	return nil
}

// A call keeps to its policy, whatever it is told and however long: it makes no
// attempt that the policy, the callee's hint or a deadline forbids, none too early or
// too late, and leaves out none that all three allow. Its error says why it ended, how
// long the callee wants to be left alone and what it has last said.
func TestCallKeepsToItsRetryPolicy(t *testing.T) {
	ms := func(rt *rapid.T, label string, low, high int) time.Duration {
		return time.Duration(rapid.IntRange(low, high).Draw(rt, label)) * time.Millisecond
	}
	rapid.Check(t, func(rt *rapid.T) {
		r := Retry{
			Attempts: rapid.IntRange(2, 6).Draw(rt, "attempts"),
			Backoff:  sampled(rt, "backoff", BackoffConstant, BackoffLinear, BackoffExponential, BackoffFibonacci),
			Initial:  ms(rt, "initial", 1, 300),
			Factor:   2,
			Jitter:   sampled(rt, "jitter", JitterNone, JitterFull, JitterEqual, JitterDecorrelated, Jitter(20*Percent)),
			On:       sampled(rt, "on", []Class{Infrastructure, Throttled}, []Class{Infrastructure}, []Class{Throttled}, []Class{Infrastructure, Throttled, SystemFault}),
		}
		r.Max = r.Initial + ms(rt, "max", 0, 2000)
		w := world{retry: r}
		for range r.Attempts {
			a := turn{
				Takes: ms(rt, "takes", 0, 200),
				How:   sampled(rt, "how", breaksDown, throttles, breaksDown, throttles, breaksDown, throttles, breaksDown, isBroken, answers, succeeds),
			}
			if a.How == breaksDown || a.How == throttles {
				a.Hint = sampled(rt, "hint", 0, 0, ms(rt, "short", 1, 400), r.Max, r.Max+1, ms(rt, "long", 1, 5000))
			}
			a.err = a.ownErr()
			w.turns = append(w.turns, a)
		}
		w.deadline, w.total, w.attempt, w.gaveUp = forEver, forEver, forEver, forEver
		if rapid.Bool().Draw(rt, "impatient") {
			w.deadline = ms(rt, "deadline", 1, 3000) + 1 // ns, for events to differ
		}
		if rapid.Bool().Draw(rt, "total timeout") {
			w.total = ms(rt, "total", 100, 3000) + 2
		}
		if rapid.Bool().Draw(rt, "attempt timeout") {
			w.attempt = ms(rt, "attempt", 50, 100) + 3
		}
		if rapid.IntRange(0, 3).Draw(rt, "fickle") == 0 {
			w.gaveUp = ms(rt, "gives up", 0, 2000) + 4
		}
		inBubble(t, rt, w.check)
	})
}

// A world is a call with a retry, its callee and its caller. Times count from the
// start of the call.
type world struct {
	retry                            Retry
	turns                            []turn
	deadline, gaveUp, total, attempt time.Duration // forEver for none
}

// A seen attempt is one that the callee saw.
type seenAttempt struct {
	turn
	began, ended time.Duration
	cut          bool // its context ended it
	limited      bool // by its own timeout, if by any
	timedOut     bool // a timeout of the method's did, or was so near that it counts
	onlyTime     bool
}

func (w *world) check(t *testing.T) error {
	spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: Policies{Retry: &w.retry}}}}
	if w.total != forEver || w.attempt != forEver {
		spec.Methods[0].Timeout = &Timeout{}
		if w.total != forEver {
			spec.Methods[0].Timeout.Total = w.total
		}
		if w.attempt != forEver {
			spec.Methods[0].Timeout.Attempt = w.attempt
		}
	}
	c, err := New(spec)
	if err != nil {
		return nil // attempts that cannot start within the timeout
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if w.deadline != forEver {
		ctx, cancel = context.WithTimeout(ctx, w.deadline)
		defer cancel()
	}
	if w.gaveUp != forEver {
		time.AfterFunc(w.gaveUp, cancel)
	}
	start := time.Now()
	var seen []seenAttempt
	err = Run(ctx, c.Method("Get"), func(own context.Context) error {
		a := seenAttempt{turn: w.turns[len(seen)], began: time.Since(start)}
		select {
		case <-time.After(a.Takes):
		case <-own.Done():
			a.cut, a.err = true, own.Err()
		}
		a.ended = time.Since(start)
		w.settle(&a)
		seen = append(seen, a)
		return a.err
	})
	if bad := w.compare(seen, err, time.Since(start)); bad != nil {
		return fmt.Errorf("%w\nattempts %+v\nended after %v with %v", bad, seen, time.Since(start), err)
	}
	return nil
}

// mustEndBy is when the call must have ended.
func (w *world) mustEndBy() time.Duration { return min(w.deadline, w.total) }

// settle works out what a deadline makes of an attempt.
func (w *world) settle(a *seenAttempt) {
	deadline := w.mustEndBy()
	if w.attempt < deadline-a.began {
		a.limited, deadline = true, a.began+w.attempt
	}
	canceled := a.cut && a.err == context.Canceled
	near := deadline-a.ended <= time.Millisecond && (a.cut || a.How == breaksDown)
	a.timedOut = near && !canceled && (a.limited || w.total < w.deadline)
	a.onlyTime = a.cut || a.timedOut
	if a.cut {
		a.Hint, a.How = 0, breaksDown
		if canceled {
			a.How = gaveUp
		}
	}
}

// compare reports what is wrong with a call that made these attempts and ended after
// the given time.
func (w *world) compare(seen []seenAttempt, err error, took time.Duration) error {
	if len(seen) == 0 || len(seen) > w.retry.Attempts {
		return fmt.Errorf("%d attempts", len(seen))
	}
	for i, a := range seen[:len(seen)-1] {
		low, high, reason := w.after(i+1, a)
		gap := seen[i+1].began - a.ended
		if reason != nil || gap < low || gap > high || gap >= w.mustEndBy()-a.ended {
			return fmt.Errorf("the pause after attempt %d is %v, want it from %v to %v, or the end with %v", i+1, gap, low, high, reason)
		}
	}
	n := len(seen)
	last := seen[n-1]
	low, high, reason := w.after(n, last)
	if reason == nil {
		switch left := w.mustEndBy() - last.ended; {
		case took == w.gaveUp && w.gaveUp-last.ended <= high:
			reason = context.Canceled
		case took == last.ended && high >= left:
			reason = ErrDeadline
		default:
			return fmt.Errorf("no attempt within %v to %v after the last", low, high)
		}
	}
	if reason != context.Canceled && took != last.ended {
		return fmt.Errorf("ended %v after the last attempt", took-last.ended)
	}
	if !errors.Is(err, last.err) {
		return errors.New("the callee's last error is lost")
	}
	var earlier error
	for _, a := range seen[:n-1] {
		if !a.cut && (!a.timedOut || earlier == nil) {
			earlier = a.err
		}
	}
	if last.onlyTime && earlier != nil && !errors.Is(err, earlier) {
		return fmt.Errorf("what an earlier attempt said is lost: %v", earlier)
	}
	var own *Error
	if reason == errAsItIs {
		if last.cut && earlier != nil {
			return nil // it is wrapped, to tell of that
		}
		if err != last.err {
			return errors.New("the callee's error is not as it was")
		}
		return nil
	}
	if !errors.As(err, &own) || own.Reason != reason || own.Attempts != n {
		return fmt.Errorf("want %v after %d attempts", reason, n)
	}
	if own.Timeout() != (last.timedOut || reason == ErrTimeout) {
		return fmt.Errorf("it is a time-out: %v", own.Timeout())
	}
	if want := max(last.ended+last.Hint-took, 0); last.Hint > 0 && own.RetryAfter() != want || last.Hint == 0 && own.RetryAfter() != 0 {
		return fmt.Errorf("it says to wait %v, want %v", own.RetryAfter(), want)
	}
	return nil
}

// errAsItIs stands for the callee's own error, or none.
var errAsItIs = errors.New("the callee's error, as it is")

// after is what must follow the n-th attempt: a pause within bounds or, where there is
// a reason, the end of the call.
func (w *world) after(n int, a seenAttempt) (low, high time.Duration, reason error) {
	class := map[ending]Class{breaksDown: Infrastructure, throttles: Throttled, isBroken: SystemFault}[a.How]
	switch {
	case a.err == nil, a.How == gaveUp, !classSet(w.retry.On).has(class), a.ended >= w.mustEndBy():
		if a.timedOut {
			return 0, 0, ErrTimeout
		}
		return 0, 0, errAsItIs
	case n == w.retry.Attempts:
		return 0, 0, ErrExhausted
	}
	left := w.mustEndBy() - a.ended
	if a.Hint > w.retry.Max || a.Hint > 0 && a.Hint >= left {
		return 0, 0, ErrRetryLater
	}
	low, high = w.retry.Bounds(n)
	if a.Hint > low {
		return a.Hint, min(a.Hint+high-low, w.retry.Max, left-1), nil
	}
	return low, high, nil
}
