package resiltest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Script is what a callee does, a step for each attempt. Its methods add steps and return
// it, and a fake hands each call to [Script.Next]:
//
//	get := resiltest.NewScript[*User](t).Fail(io.ErrUnexpectedEOF).After(time.Second).OK(ada)
//
//	func (f *fake) GetUser(ctx context.Context, id int) (*User, error) { return f.get.Next(ctx) }
//
// A Script is safe for concurrent use: of attempts that come at the same time, each takes
// one step, in the order in which they come.
type Script[T any] struct {
	t     testing.TB
	mu    sync.Mutex
	steps []step[T]
	next  int
	delay time.Duration // of the step that is added next
}

// A step is what one attempt meets.
type step[T any] struct {
	name string
	play func(context.Context) (T, error)
}

// NewScript returns a script without steps. The test fails when an attempt finds no step
// left, and when it ends before all steps were played. For callees that return nothing but
// an error, T is any type, such as struct{}.
func NewScript[T any](t testing.TB) *Script[T] {
	t.Helper()
	s := &Script[T]{t: t}
	t.Cleanup(s.finish)
	return s
}

// OK adds an attempt that succeeds with v.
func (s *Script[T]) OK(v T) *Script[T] {
	return s.add("OK", func(context.Context) (T, error) { return v, nil })
}

// Fail adds an attempt that fails with err. What follows from err is up to its class: use
// an error that the real client returns, or one that is marked, such as with [resil.Infra].
func (s *Script[T]) Fail(err error) *Script[T] {
	s.t.Helper()
	if err == nil {
		s.t.Errorf("resiltest: Fail(nil) is no failure; write OK for an attempt that succeeds")
		return s
	}
	return s.add(fmt.Sprintf("Fail(%s)", onOneLine(err)), func(context.Context) (zero T, _ error) { return zero, err })
}

// Hang adds an attempt that lasts until its context ends, and returns the context's error.
// An attempt whose context cannot end fails the test instead.
func (s *Script[T]) Hang() *Script[T] {
	return s.add("Hang", func(ctx context.Context) (zero T, _ error) {
		if ctx.Done() == nil {
			return zero, s.wrong("an attempt hangs, and its context cannot end: give the method a timeout, or the caller a deadline")
		}
		<-ctx.Done()
		return zero, ctx.Err()
	})
}

// Do adds an attempt that is a call of play.
func (s *Script[T]) Do(play func(ctx context.Context) (T, error)) *Script[T] {
	return s.add("Do", play)
}

// After lets the step that is added next wait for d first. If the attempt's context ends
// before, the attempt ends with the context's error. Several waits add up.
func (s *Script[T]) After(d time.Duration) *Script[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay += d
	return s
}

func (s *Script[T]) add(name string, play func(context.Context) (T, error)) *Script[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.delay; d > 0 {
		own := play
		name = fmt.Sprintf("After(%v).%s", d, name)
		play = func(ctx context.Context) (zero T, _ error) {
			timer := time.NewTimer(d)
			defer timer.Stop()
			select {
			case <-timer.C:
				return own(ctx)
			case <-ctx.Done():
				return zero, ctx.Err()
			}
		}
	}
	s.delay = 0
	s.steps = append(s.steps, step[T]{name, play})
	return s
}

// Next plays the next step. Where there is none, the test fails, and the error that Next
// returns is not retried.
func (s *Script[T]) Next(ctx context.Context) (T, error) {
	s.t.Helper()
	s.mu.Lock()
	n := s.next
	s.next++
	var play func(context.Context) (T, error)
	if n < len(s.steps) {
		play = s.steps[n].play
	}
	s.mu.Unlock()
	if play == nil {
		var zero T
		return zero, s.wrong(fmt.Sprintf("call %d of the script has no step: it has %d", n+1, len(s.steps)))
	}
	return play(ctx)
}

// wrong fails the test and returns an error that ends the call.
func (s *Script[T]) wrong(message string) error {
	s.t.Helper()
	s.t.Errorf("resiltest: %s", message)
	return resil.Final(errors.New("resiltest: " + message))
}

// finish reports the steps that nobody has asked for.
func (s *Script[T]) finish() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := s.next; i < len(s.steps); i++ {
		s.t.Errorf("resiltest: step %d of %d was not played: %s", i+1, len(s.steps), s.steps[i].name)
	}
	if s.delay > 0 {
		s.t.Errorf("resiltest: After(%v) has no step behind it: add what happens then", s.delay)
	}
}
