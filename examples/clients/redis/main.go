// Command redis shows a cache in Redis that goes away and comes back.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/resilgen/resilgen/examples/internal/report"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	addr, err := freeAddress()
	if err == nil {
		err = run(os.Stdout, newServer(addr), addr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "redis:", err)
		os.Exit(1)
	}
}

// run writes a report to w, and fails if a check of the report does.
func run(w io.Writer, s server, addr string) error {
	r := &report.Report{W: w}
	if err := s.start(); err != nil {
		return err
	}
	defer func() { s.stop() }()

	logging.Disable() // this program prints the errors itself
	client := redis.NewClient(&redis.Options{
		Addr:                  addr,
		MaxRetries:            -1,   // the wrapper repeats what may be repeated
		DialerRetries:         1,    // and waits before it does: one attempt dials once
		ContextTimeoutEnabled: true, // the wrapper's timeouts hold here too
	})
	defer client.Close()
	cache, err := NewResilientCache(client, resil.WithObserver(r.Observe))
	if err != nil {
		return err
	}
	r.Client = cache.Resilience()
	ctx := context.Background()
	state := func() resil.State { return cache.Resilience().Stats().Breaker("Cache").State }

	r.Section(fmt.Sprintf("Redis is up (%s)", s))
	err = cache.Set(ctx, "greeting", "hello", 0).Err()
	r.Check(err == nil, "SET greeting: %s", outcome("OK", err))
	greeting, err := cache.Get(ctx, "greeting").Result()
	r.Check(err == nil && greeting == "hello", "GET greeting: %s", outcome(greeting, err))
	err = cache.Get(ctx, "farewell").Err()
	r.Check(err == redis.Nil, "GET farewell: a key that is not there is an answer: %v", err)

	r.Section("Redis is gone: GET is repeated, and the fifth failure in a row opens the breaker")
	s.stop()
	err = cache.Get(ctx, "greeting").Err()
	r.Check(errors.Is(err, resil.ErrExhausted), "GET greeting: %v", err)
	err = cache.Get(ctx, "greeting").Err()
	r.Check(errors.Is(err, resil.ErrOpen), "GET greeting: %v", err)

	r.Section("Calls are refused at once, and told when to come back")
	start := time.Now()
	err = cache.Incr(ctx, "visits").Err()
	r.Check(errors.Is(err, resil.ErrOpen), "INCR visits, after %s: %v", time.Since(start).Round(time.Millisecond), err)
	attempts := cache.Resilience().Stats().Method("Incr").Attempts
	r.Check(attempts == 0, "attempts that went to Redis: %d", attempts)

	r.Section("Redis is back, and empty: two probes that are answered close the breaker")
	if err := s.start(); err != nil {
		return err
	}
	if refused, ok := errors.AsType[*resil.Error](err); ok {
		time.Sleep(refused.RetryAfter())
	}
	err = cache.Get(ctx, "greeting").Err()
	r.Check(err == redis.Nil, "GET greeting: %v; the breaker is %s", err, state())
	err = cache.Set(ctx, "greeting", "hello again", 0).Err()
	r.Check(err == nil && state() == resil.StateClosed, "SET greeting: %s; the breaker is %s", outcome("OK", err), state())
	greeting, err = cache.Get(ctx, "greeting").Result()
	r.Check(err == nil && greeting == "hello again", "GET greeting: %s", outcome(greeting, err))

	r.Stats(cache.Resilience().Stats())
	return r.Err()
}

// outcome returns the result of a call as text.
func outcome(result string, err error) string {
	if err != nil {
		return err.Error()
	}
	return result
}
