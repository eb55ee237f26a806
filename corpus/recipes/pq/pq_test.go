package pq

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/resilgen/resilgen/corpus/recipes/postgrestest"
	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	state := func(code string, class resil.Class) verdicttest.Case {
		return verdicttest.Case{Name: code, Err: &pq.Error{Code: pqerror.Code(code)}, Network: class}
	}
	answer := resil.Verdict{Class: resil.Application}
	verdicttest.Errors(t, classifyDBPQ, []verdicttest.Case{
		state("08006", resil.Infrastructure),
		state("57P01", resil.Infrastructure),
		state("57014", resil.Infrastructure),
		state("25006", resil.Infrastructure),
		state("53300", resil.Throttled),
		state("40001", resil.Throttled),
		state("40P01", resil.Throttled),
		state("55P03", resil.Throttled),
		state("28P01", resil.SystemFault),
		state("3D000", resil.SystemFault),
		state("23505", resil.Application),
		state("42P01", resil.Application),
		{Name: "no TLS", Err: pq.ErrSSLNotSupported, Want: resil.Verdict{Class: resil.SystemFault, Unsent: true}},
		{Name: "no user", Err: pq.ErrCouldNotDetectUsername, Want: resil.Verdict{Class: resil.SystemFault, Unsent: true}},
		{Name: "failed transaction", Err: pq.ErrInFailedTransaction, Want: answer},
		{Name: "not supported", Err: pq.ErrNotSupported, Want: answer},
		{Name: "bad connection", Err: driver.ErrBadConn, Network: resil.Infrastructure},
		{Name: "cut off", Err: io.ErrUnexpectedEOF, Network: resil.Infrastructure},
		{Name: "unknown", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyDBPQ, (*pq.Error)(nil))
}

// open returns a guarded pool.
func open(t *testing.T, s *postgrestest.Server, options string) *ResilientDB {
	t.Helper()
	pool, err := sql.Open("postgres", "postgres://u:p@"+s.Addr+"/d?"+options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	db, err := NewResilientDB(pool)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestVerdictsOfConnections(t *testing.T) {
	for _, c := range []struct {
		name, login, options string
		want                 resil.Verdict
	}{
		{"starting", "57P03", "sslmode=disable", resil.Verdict{Class: resil.Infrastructure}},
		{"password", "28P01", "sslmode=disable", resil.Verdict{Class: resil.SystemFault}},
		{"no TLS", "", "sslmode=require", resil.Verdict{Class: resil.SystemFault, Unsent: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := postgrestest.Serve(t)
			s.Login(c.login)
			err := open(t, s, c.options).PingContext(resil.NoRetry(t.Context()))
			if err == nil {
				t.Fatal("no error")
			}
			if got := classifyDBPQ(err).Or(resil.Network(err)); got != c.want {
				t.Errorf("%v is %+v, want %+v", err, got, c.want)
			}
		})
	}
}

func TestDeadServerOpensTheBreakerAndAnAnswerDoesNot(t *testing.T) {
	s := postgrestest.Serve(t)
	db := open(t, s, "sslmode=disable")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s.Answer("23505")
	for range 20 {
		if _, err := db.ExecContext(ctx, "insert"); err == nil || errors.Is(err, resil.ErrOpen) {
			t.Fatal(err)
		}
	}
	if state := db.Resilience().Stats().Breaker("DB").State; state != resil.StateClosed {
		t.Errorf("after answers the breaker is %v", state)
	}
	s.Answer("57P01")
	var err error
	for range 60 {
		if _, err = db.ExecContext(ctx, "insert"); errors.Is(err, resil.ErrOpen) {
			break
		}
	}
	if !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the breaker does not open: %v", err)
	}
}

// Lib/pq calls a connection bad although the server has got the statement, and so
// database/sql sends it three times. The wrapper adds nothing to that.
func TestStatementIsRepeatedOnlyIfItWasNotSent(t *testing.T) {
	s := postgrestest.Serve(t)
	s.Answer(postgrestest.Hangup)
	db := open(t, s, "sslmode=disable")
	_, err := db.ExecContext(t.Context(), "insert")
	if n := db.Resilience().Stats().Method("ExecContext").Attempts; !errors.Is(err, driver.ErrBadConn) || s.Statements() != 3 || n != 1 {
		t.Errorf("a statement that was cut off: %v, %d statements, %d attempts", err, s.Statements(), n)
	}
	db = open(t, s, "sslmode=disable")
	s.Close()
	_, err = db.ExecContext(t.Context(), "insert")
	if n := db.Resilience().Stats().Method("ExecContext").Attempts; n != 3 || !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("%d attempts, want 3; %v", n, err)
	}
}
