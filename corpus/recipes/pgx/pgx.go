// Package pgx guards a pool of pgx.
package pgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:generate resilgen

// DB is the part of *pgxpool.Pool that is used. Statements are repeated only where none
// can have reached the server.
//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:retry on=unsent methods=Exec,Query,QueryRow
//resil:breaker
type DB interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Begin(ctx context.Context) (pgx.Tx, error)
	Ping(ctx context.Context) error
}
