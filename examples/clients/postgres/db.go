package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:generate go tool resilgen

// DB is the part of *pgxpool.Pool that is used. The types in its signatures say which
// library stands behind it, and so what its errors mean.
//
//resil:timeout 10s attempt=2s
//resil:retry 3 initial=20ms
//resil:breaker open=1s
type DB interface {
	// QueryRow only reads in this program, and may be repeated.
	//
	//resil:retry 3
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row

	// Exec is not repeated where the statement may have reached the server.
	//
	//resil:retry on=unsent
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
}
