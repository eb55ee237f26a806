package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// open opens a database in a file. It waits for no lock.
func open(t *testing.T, file string, options ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?"+strings.Join(append(options, "_pragma=busy_timeout(0)"), "&"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// locked returns a database whose lock another connection holds, and what releases it.
func locked(t *testing.T) (db *sql.DB, release func() error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.db")
	db = open(t, file)
	exec(t, db, "create table t (id integer primary key, n integer check (n < 100))")
	other, err := open(t, file).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "begin exclusive"); err != nil {
		t.Fatal(err)
	}
	return db, func() error {
		_, err := other.ExecContext(context.Background(), "rollback")
		return errors.Join(err, other.Close())
	}
}

// The errors of the driver have no constructor.
func TestVerdicts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.db")
	db := open(t, file)
	exec(t, db, "create table t (id integer primary key, n integer check (n < 100))")
	exec(t, db, "insert into t values (1, 1)")
	fails := func(db *sql.DB, query string) error {
		t.Helper()
		_, err := db.ExecContext(t.Context(), query)
		if !errors.As(err, new(*sqlite.Error)) {
			t.Fatalf("%s: %T %v", query, err, err)
		}
		return err
	}
	full := open(t, filepath.Join(t.TempDir(), "full.db"))
	full.SetMaxOpenConns(1)
	exec(t, full, "create table t (b blob)")
	exec(t, full, "pragma max_page_count = 3")
	busy, release := locked(t)
	want := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c} }
	verdicttest.Errors(t, classifyDBSQLite, []verdicttest.Case{
		{Name: "busy", Err: fails(busy, "insert into t values (2, 2)"), Want: want(resil.Throttled)},
		{Name: "full", Err: fails(full, "insert into t values (randomblob(100000))"), Want: want(resil.Infrastructure)},
		{Name: "read-only", Err: fails(open(t, file, "mode=ro"), "insert into t values (3, 3)"), Want: want(resil.SystemFault)},
		{Name: "cannot open", Err: fails(open(t, t.TempDir()), "select 1 from t"), Want: want(resil.SystemFault)},
		{Name: "unique", Err: fails(db, "insert into t values (1, 1)"), Want: want(resil.Application)},
		{Name: "check", Err: fails(db, "insert into t values (4, 400)"), Want: want(resil.Application)},
		{Name: "syntax", Err: fails(db, "inzert"), Want: want(resil.Application)},
		{Name: "no rows", Err: sql.ErrNoRows, Network: resil.Application},
		{Name: "unknown", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyDBSQLite, (*sqlite.Error)(nil))
	if err := release(); err != nil {
		t.Fatal(err)
	}
}

func TestLocksAndAnswersOpenNoBreaker(t *testing.T) {
	pool, release := locked(t)
	db, err := NewResilientDB(pool)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 20 {
		if _, err := db.ExecContext(ctx, "insert into t values (2, 2)"); err == nil || errors.Is(err, resil.ErrOpen) {
			t.Fatal(err)
		}
	}
	if state := db.Resilience().Stats().Breaker("DB").State; state != resil.StateClosed {
		t.Errorf("a lock has made the breaker %v", state)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "insert into t values (2, 2)"); err != nil {
		t.Error(err)
	}
	for range 20 {
		if _, err := db.ExecContext(ctx, "insert into t values (2, 2)"); err == nil || errors.Is(err, resil.ErrOpen) {
			t.Fatal(err)
		}
	}
}
