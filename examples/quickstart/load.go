package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A tally counts the results of a number of calls.
type tally struct {
	calls, answered int
	failed          map[string]int // number of failed calls by reason
	longest         time.Duration  // the longest time that a caller waited
	requests        int64          // number of requests that were sent
	opened          bool           // a breaker of the wrapper opened
	refusal         error          // the last error that came from the wrapper
	others          *tally         // of other callers; nil for none

	application, retries, hedgeWins, fallbacks uint64 // of the wrapper
}

// load starts a number of callers at once. Each makes a number of calls in a row.
func load(callers, calls int, call func() error) tally {
	t := tally{calls: callers * calls, failed: map[string]int{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				start := time.Now()
				err := call()
				took := time.Since(start)
				mu.Lock()
				if err == nil {
					t.answered++
				} else {
					t.failed[reason(err)]++
					if errors.As(err, new(*resil.Error)) {
						t.refusal = err
					}
				}
				t.longest = max(t.longest, took)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return t
}

const (
	breakerOpen  = "refused (breaker open)"
	overLimit    = "refused (over the limit)"
	bulkheadFull = "refused (bulkhead full)"
	timedOut     = "timed out"
	notFound     = "no such user"
)

// reason returns the reason of a failed call, in a few words.
func reason(err error) string {
	var status *StatusError
	switch {
	case errors.Is(err, resil.ErrOpen):
		return breakerOpen
	case errors.Is(err, resil.ErrLimited):
		return overLimit
	case errors.Is(err, resil.ErrFull):
		return bulkheadFull
	case errors.Is(err, resil.ErrTimeout):
		return timedOut
	case errors.Is(err, ErrNotFound):
		return notFound
	case errors.As(err, &status):
		return fmt.Sprintf("status %d", status.Code)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		return "connection reset"
	}
	return err.Error()
}

func (t tally) String() string {
	parts := []string{fmt.Sprintf("%2d of %d answered", t.answered, t.calls)}
	for _, why := range slices.Sorted(maps.Keys(t.failed)) {
		parts = append(parts, fmt.Sprintf("%d %s", t.failed[why], why))
	}
	for _, n := range []struct {
		what  string
		count uint64
	}{{"retries", t.retries}, {"won by a hedge", t.hedgeWins}, {"fallbacks", t.fallbacks}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", n.what, n.count))
		}
	}
	text := fmt.Sprintf("%s; requests: %d; longest wait: %s", strings.Join(parts, ", "), t.requests, short(t.longest))
	if t.others != nil {
		text += fmt.Sprintf("\n            other callers: %d of %d answered", t.others.answered, t.others.calls)
	}
	if t.refusal != nil {
		text += fmt.Sprintf("\n            the last error: %v", t.refusal)
	}
	return text
}

func short(d time.Duration) string {
	if d < time.Millisecond {
		return "under 1ms"
	}
	return d.Round(time.Millisecond).String()
}
