// Package cassandra guards queries of the Apache Cassandra GoCQL driver.
package cassandra

import (
	"context"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
)

//go:generate resilgen

// Statement is the part of *gocql.Query that is used.
//
//resil:timeout 5s attempt=2s
//resil:retry 3
//resil:retry on=unsent methods=ExecContext
//resil:breaker
//resil:classify cassandra
type Statement interface {
	ScanContext(ctx context.Context, dest ...any) error
	ExecContext(ctx context.Context) error
}

var _ Statement = (*gocql.Query)(nil)
