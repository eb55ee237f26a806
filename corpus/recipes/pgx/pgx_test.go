package pgx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/resilgen/resilgen/corpus/recipes/postgrestest"
	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

var answer = resil.Verdict{Class: resil.Application}

func TestVerdicts(t *testing.T) {
	state := func(code string, class resil.Class) verdicttest.Case {
		return verdicttest.Case{Name: code, Err: &pgconn.PgError{Code: code}, Network: class}
	}
	verdicttest.Errors(t, classifyDBPgx, []verdicttest.Case{
		state("08006", resil.Infrastructure),
		state("57P01", resil.Infrastructure),
		state("57P03", resil.Infrastructure),
		state("57014", resil.Infrastructure), // statement_timeout
		state("53100", resil.Infrastructure), // disk full
		state("58030", resil.Infrastructure),
		state("25006", resil.Infrastructure), // read-only after a failover
		state("53300", resil.Throttled),      // too many connections
		state("40001", resil.Throttled),
		state("40P01", resil.Throttled), // deadlock
		state("55P03", resil.Throttled), // lock
		state("28P01", resil.SystemFault),
		state("3D000", resil.SystemFault),
		state("XX001", resil.SystemFault),
		state("23505", resil.Application), // unique
		state("42P01", resil.Application),
		state("22P02", resil.Application),
		state("P0001", resil.Application),
		{Name: "no rows", Err: pgx.ErrNoRows, Want: answer},
		{Name: "too many rows", Err: pgx.ErrTooManyRows, Want: answer},
		{Name: "transaction closed", Err: pgx.ErrTxClosed, Want: answer},
		{Name: "rolled back", Err: pgx.ErrTxCommitRollback, Want: answer},
		{Name: "cut off", Err: io.ErrUnexpectedEOF, Network: resil.Infrastructure},
		{Name: "unknown", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyDBPgx, (*pgconn.PgError)(nil))
}

// Errors of connections that could not be made have no other constructor.
func TestVerdictsOfConnections(t *testing.T) {
	connect := func(login string) error {
		s := postgrestest.Serve(t)
		s.Login(login)
		if login == "closed" {
			s.Close()
		}
		_, err := pgconn.Connect(t.Context(), "postgres://u:p@"+s.Addr+"/d?sslmode=disable&target_session_attrs=any")
		if err == nil {
			t.Fatal("no error")
		}
		return err
	}
	required := func() error {
		_, err := pgconn.Connect(t.Context(), "postgres://u:p@"+postgrestest.Serve(t).Addr+"/d?sslmode=require")
		return err
	}
	unsent := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c, Unsent: true} }
	verdicttest.Errors(t, classifyDBPgx, []verdicttest.Case{
		{Name: "refused", Err: connect("closed"), Want: unsent(resil.Infrastructure)},
		{Name: "hung up", Err: connect(postgrestest.Hangup), Want: unsent(resil.Infrastructure)},
		{Name: "starting", Err: connect("57P03"), Want: unsent(resil.Infrastructure)},
		{Name: "too many connections", Err: connect("53300"), Want: unsent(resil.Throttled)},
		{Name: "password", Err: connect("28P01"), Want: unsent(resil.SystemFault)},
		{Name: "no TLS", Err: required(), Want: unsent(resil.Infrastructure)},
	})
}

// Pgx calls the connection closed, and the statement safe to repeat, although the server
// has got it.
func TestStatementWhoseAnswerIsLostMayHaveBeenDone(t *testing.T) {
	s := postgrestest.Serve(t)
	conn, err := pgx.Connect(t.Context(), "postgres://u:p@"+s.Addr+"/d?sslmode=disable&default_query_exec_mode=simple_protocol")
	if err != nil {
		t.Fatal(err)
	}
	s.Answer(postgrestest.Hangup)
	_, err = conn.Exec(t.Context(), "insert")
	if !pgconn.SafeToRetry(err) || s.Statements() != 1 {
		t.Errorf("pgx has changed: %v, safe to retry %t, %d statements", err, pgconn.SafeToRetry(err), s.Statements())
	}
	if v := classifyDBPgx(err).Or(resil.Network(err)); v != (resil.Verdict{Class: resil.Infrastructure}) {
		t.Errorf("%v is %+v", err, v)
	}
}

// open returns a guarded pool of one connection.
func open(t *testing.T, s *postgrestest.Server) *ResilientDB {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), fmt.Sprintf("postgres://u:p@%s/d?sslmode=disable&pool_max_conns=1&default_query_exec_mode=simple_protocol", s.Addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	db, err := NewResilientDB(pool)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestStatementIsRepeatedOnlyIfItWasNotSent(t *testing.T) {
	s := postgrestest.Serve(t)
	db := open(t, s)
	exec := func() error { _, err := db.Exec(t.Context(), "insert"); return err }
	attempts := func() int64 { return int64(db.Resilience().Stats().Method("Exec").Attempts) }
	if err := exec(); err != nil {
		t.Fatal(err)
	}
	s.Answer(postgrestest.Hangup)
	got, tried := s.Statements(), attempts()
	if err := exec(); err == nil || s.Statements() != got+1 || attempts() != tried+1 {
		t.Errorf("a statement that was cut off: %v, %d statements, %d attempts", err, s.Statements()-got, attempts()-tried)
	}
	db = open(t, s)
	s.Close()
	got, tried = s.Statements(), attempts()
	if err := exec(); !errors.Is(err, resil.ErrExhausted) || s.Statements() != got || attempts() != tried+3 {
		t.Errorf("without a server: %v, %d statements, %d attempts", err, s.Statements()-got, attempts()-tried)
	}
}

func TestDeadServerOpensTheBreakerAndAnAnswerDoesNot(t *testing.T) {
	s := postgrestest.Serve(t)
	db := open(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s.Answer("23505")
	for range 20 {
		if _, err := db.Exec(ctx, "insert"); err == nil || errors.Is(err, resil.ErrOpen) {
			t.Fatal(err)
		}
	}
	if state := db.Resilience().Stats().Breaker("DB").State; state != resil.StateClosed {
		t.Errorf("after answers the breaker is %v", state)
	}
	s.Answer("57P01")
	var err error
	for range 60 {
		if _, err = db.Exec(ctx, "insert"); errors.Is(err, resil.ErrOpen) {
			break
		}
	}
	if !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the breaker does not open: %v", err)
	}
}

func TestRowIsAskedForWhenItIsScanned(t *testing.T) {
	s := postgrestest.Serve(t)
	s.Close()
	err := open(t, s).QueryRow(t.Context(), "select").Scan()
	if !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("without a server: %v", err)
	}
}
