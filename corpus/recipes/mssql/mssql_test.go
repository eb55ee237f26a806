package mssql

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	number := func(name string, number int32, class resil.Class) verdicttest.Case {
		return verdicttest.Case{Name: name, Err: mssql.Error{Number: number, Class: 14}, Want: resil.Verdict{Class: class}}
	}
	failure := resil.Verdict{Class: resil.Infrastructure}
	verdicttest.Errors(t, classifyDBMSSQL, []verdicttest.Case{
		number("busy", 40501, resil.Throttled),
		number("limit of resources", 10928, resil.Throttled),
		number("limit of resources, minimum", 10929, resil.Throttled),
		number("too many operations", 49918, resil.Throttled),
		number("deadlock", 1205, resil.Throttled),
		number("lock timeout", 1222, resil.Throttled),
		number("write conflict", 41302, resil.Throttled),
		number("not available", 40613, resil.Infrastructure),
		number("reconfigured", 40197, resil.Infrastructure),
		number("transport", 10054, resil.Infrastructure),
		number("failover", 4060, resil.Infrastructure),
		number("login", 18456, resil.SystemFault),
		number("duplicate", 2627, resil.Application),
		number("syntax", 102, resil.Application),
		{Name: "timeout that may have been done", Err: mssql.Error{Number: -2, Class: 11}, Want: resil.Verdict{Class: resil.Application}},
		{Name: "out of memory", Err: mssql.Error{Number: 701, Class: 17}, Want: failure, Better: true},
		{Name: "log full", Err: mssql.Error{Number: 9002, Class: 17}, Want: failure, Better: true},
		{Name: "disk failed", Err: mssql.Error{Number: 823, Class: 24}, Want: failure, Better: true},
		{Name: "raised by the program", Err: mssql.Error{Number: 50000, Class: 18}, Want: resil.Verdict{Class: resil.Application}},
		{Name: "fatal", Err: mssql.ServerError{}, Want: failure},
		{Name: "nonsense", Err: mssql.StreamError{InnerError: errors.New("text")}, Want: failure},
		{Name: "not sent", Err: mssql.RetryableError{}, Want: resil.Verdict{Class: resil.Infrastructure, Unsent: true}},
		{Name: "no rows", Err: sql.ErrNoRows, Network: resil.Application},
		{Name: "cut off", Err: io.ErrUnexpectedEOF, Network: resil.Infrastructure},
		{Name: "unknown", Err: errors.New("text")},
	})
}

// A pool fails as it is told to.
type pool struct {
	*sql.DB
	err error
}

func (p *pool) ExecContext(context.Context, string, ...any) (sql.Result, error) { return nil, p.err }

func TestFailuresOpenTheBreakerAndAnswersDoNot(t *testing.T) {
	p := &pool{err: mssql.Error{Number: 2627, Class: 14}}
	db, err := NewResilientDB(p)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := db.ExecContext(t.Context(), "insert"); !errors.As(err, new(mssql.Error)) || errors.Is(err, resil.ErrOpen) {
			t.Fatal(err)
		}
	}
	p.err = mssql.Error{Number: 40613, Class: 20}
	for range 60 {
		if _, err = db.ExecContext(t.Context(), "insert"); errors.Is(err, resil.ErrOpen) {
			break
		}
	}
	if !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the breaker does not open: %v", err)
	}
	if stats := db.Resilience().Stats().Method("ExecContext"); stats.Retries != 0 {
		t.Errorf("%d statements that the server has got were repeated", stats.Retries)
	}
}

func TestStatementThatWasNotSentIsRepeated(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	dead, err := sql.Open("sqlserver", "sqlserver://u:p@"+l.Addr().String()+"?encrypt=disable&retry=0")
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	db, err := NewResilientDB(dead)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "insert")
	if n := db.Resilience().Stats().Method("ExecContext").Attempts; n != 3 || !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("%d attempts, want 3; %v", n, err)
	}
}
