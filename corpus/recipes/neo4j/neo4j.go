// Package neo4j guards a session of Neo4j.
package neo4j

import (
	"context"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

//go:generate resilgen

// Session is the part of neo4j.SessionWithContext that is used. The driver repeats what
// ExecuteRead and ExecuteWrite do by itself.
//
//resil:timeout 30s
//resil:breaker
type Session interface {
	ExecuteRead(ctx context.Context, work neo4j.ManagedTransactionWork, configurers ...func(*neo4j.TransactionConfig)) (any, error)
	ExecuteWrite(ctx context.Context, work neo4j.ManagedTransactionWork, configurers ...func(*neo4j.TransactionConfig)) (any, error)
	//resil:retry 3 on=unsent
	BeginTransaction(ctx context.Context, configurers ...func(*neo4j.TransactionConfig)) (neo4j.ExplicitTransaction, error)
}
