// Command postgres shows a PostgreSQL server that crashes and comes back. It needs
// PostgreSQL to be installed, and starts a server of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/resilgen/resilgen/examples/internal/report"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "postgres:", err)
		os.Exit(1)
	}
}

// run writes a report to w, and fails if a check of the report does.
func run(w io.Writer) (err error) {
	r := &report.Report{W: w}
	s, err := newServer()
	if err != nil {
		return err
	}
	defer s.remove()
	if err := s.start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()

	ctx := context.Background()
	pool, err := pgxpool.New(ctx, s.url()) // pgx repeats nothing by itself
	if err != nil {
		return err
	}
	defer pool.Close()
	db, err := NewResilientDB(pool, resil.WithObserver(r.Observe))
	if err != nil {
		return err
	}
	r.Client = db.Resilience()
	if _, err := db.Exec(ctx, "CREATE TABLE payments (id text PRIMARY KEY, amount int)"); err != nil {
		return err
	}
	pay := func(id string) error {
		_, err := db.Exec(ctx, "INSERT INTO payments VALUES ($1, 100)", id)
		return err
	}
	amount := func(id string) (amount int, err error) {
		err = db.QueryRow(ctx, "SELECT amount FROM payments WHERE id = $1", id).Scan(&amount)
		return amount, err
	}
	state := func() resil.State { return db.Resilience().Stats().Breaker("DB").State }

	r.Section("PostgreSQL is up: what it says no to is an answer")
	err = pay("first")
	r.Check(err == nil, "INSERT first: %s", outcome("done", err))
	err = pay("first")
	r.Check(err != nil && state() == resil.StateClosed, "INSERT first: %v", err)
	_, err = amount("second")
	r.Check(errors.Is(err, pgx.ErrNoRows), "SELECT second: %v", err)

	r.Section("PostgreSQL has crashed: SELECT is repeated, and INSERT where nothing was sent")
	if err := s.stop(); err != nil {
		return err
	}
	_, err = amount("first")
	r.Check(errors.Is(err, resil.ErrExhausted), "SELECT first: %v", err)
	err = pay("second")
	r.Check(errors.Is(err, resil.ErrOpen), "INSERT second: %v", err)

	r.Section("Calls are refused at once, and told when to come back")
	sent := db.Resilience().Stats().Method("Exec").Attempts
	start := time.Now()
	err = pay("third")
	r.Check(errors.Is(err, resil.ErrOpen), "INSERT third, after %s: %v", time.Since(start).Round(time.Millisecond), err)
	sent = db.Resilience().Stats().Method("Exec").Attempts - sent
	r.Check(sent == 0, "attempts that went to PostgreSQL: %d", sent)

	r.Section("PostgreSQL is back: two probes that are answered close the breaker")
	if err := s.start(); err != nil {
		return err
	}
	if refused, ok := errors.AsType[*resil.Error](err); ok {
		time.Sleep(refused.RetryAfter())
	}
	n, err := amount("first")
	r.Check(err == nil, "SELECT first: %s; the breaker is %s", outcome(fmt.Sprint(n), err), state())
	err = pay("second")
	r.Check(err == nil && state() == resil.StateClosed, "INSERT second: %s; the breaker is %s", outcome("done", err), state())
	err = db.QueryRow(ctx, "SELECT count(*) FROM payments").Scan(&n)
	r.Check(err == nil && n == 2, "no payment was made twice: %s", outcome(fmt.Sprintf("%d payments", n), err))

	r.Stats(db.Resilience().Stats())
	return r.Err()
}

// outcome returns the result of a call as text.
func outcome(result string, err error) string {
	if err != nil {
		return err.Error()
	}
	return result
}
