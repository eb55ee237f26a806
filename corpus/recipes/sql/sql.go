// Package sql guards a database whose driver is not known.
package sql

import (
	"context"
	"database/sql"
)

//go:generate resilgen

// DB is the part of *sql.DB that is used. Statements are repeated only where none can have
// reached the server.
//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:retry on=unsent methods=ExecContext,Query*
//resil:breaker
//resil:classify sql
type DB interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
	PingContext(ctx context.Context) error
}
