// Package sqlite3 guards a database of SQLite (mattn/go-sqlite3).
package sqlite3

import (
	"context"
	"database/sql"
)

//go:generate resilgen

// DB is the part of *sql.DB that is used. Statements are not repeated: each is given up
// after the time that SQLite itself waits for a lock.
//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:retry off methods=ExecContext,Query*
//resil:breaker
//resil:classify sqlite3,sql
type DB interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
	PingContext(ctx context.Context) error
}
