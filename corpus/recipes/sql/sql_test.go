package sql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	mssql "github.com/microsoft/go-mssqldb"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	answer := resil.Verdict{Class: resil.Application}
	verdicttest.Errors(t, classifyDBSQL, []verdicttest.Case{
		{Name: "no rows", Err: sql.ErrNoRows, Want: answer},
		{Name: "transaction done", Err: sql.ErrTxDone, Want: answer},
		{Name: "connection returned", Err: sql.ErrConnDone, Want: answer},
		{Name: "bad connection", Err: driver.ErrBadConn, Network: resil.Infrastructure},
		{Name: "cut off", Err: io.ErrUnexpectedEOF, Network: resil.Infrastructure},
		{Name: "a driver with SQLSTATE", Err: &pgconn.PgError{Code: "40001"}, Network: resil.Throttled},
		{Name: "a driver with numbers of SQL Server", Err: mssql.Error{Number: 18456}, Network: resil.SystemFault},
		{Name: "a driver that nobody knows", Err: errors.New("text")},
	})
}

// A connector is a database that fails as it is told to.
type connector struct{ err error }

func (c *connector) Connect(context.Context) (driver.Conn, error) { return nil, c.err }
func (c *connector) Driver() driver.Driver                        { return nil }

func TestFailuresOpenTheBreakerAndAnswersDoNot(t *testing.T) {
	c := &connector{err: &pgconn.PgError{Code: "23505"}}
	pool := sql.OpenDB(c)
	defer pool.Close()
	db, err := NewResilientDB(pool)
	if err != nil {
		t.Fatal(err)
	}
	exec := func() error { _, err := db.ExecContext(t.Context(), "insert"); return err }
	for range 20 {
		if err := exec(); err == nil || errors.Is(err, resil.ErrOpen) {
			t.Fatal(err)
		}
	}
	c.err = &net.OpError{Op: "dial", Err: errors.New("refused")}
	err = exec()
	if n := db.Resilience().Stats().Method("ExecContext").Retries; n != 2 || !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("%d retries of what was not sent, want 2; %v", n, err)
	}
	for range 60 {
		if err = exec(); errors.Is(err, resil.ErrOpen) {
			return
		}
	}
	t.Errorf("the breaker does not open: %v", err)
}

func TestRowTellsWhyNothingWasRead(t *testing.T) {
	unique := &pgconn.PgError{Code: "23505"}
	c := &connector{err: unique}
	pool := sql.OpenDB(c)
	defer pool.Close()
	db, err := NewResilientDB(pool)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRowContext(t.Context(), "select").Scan(); err != unique {
		t.Errorf("an answer is %v", err)
	}
	c.err = &net.OpError{Op: "dial", Err: errors.New("refused")}
	if err := db.QueryRowContext(t.Context(), "select").Scan(); !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("without a server: %v", err)
	}
	db.Resilience().Breaker("DB").ForceOpen()
	if err := db.QueryRowContext(t.Context(), "select").Scan(); !errors.Is(err, resil.ErrOpen) {
		t.Errorf("with an open breaker: %v", err)
	}
}
