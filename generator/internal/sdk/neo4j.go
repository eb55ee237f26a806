package sdk

// Of connections, the driver's own IsRetryable tells the one that broke during a commit,
// of which nobody knows whether it was done. Where the driver has given up repeating, its
// last error counts.
var neo4jLibrary = &Library{
	Name:  "neo4j",
	Ident: "Neo4j",
	Title: "Neo4j",
	Tried: []string{"github.com/neo4j/neo4j-go-driver/v5@v5.28.4"},
	Shown: []string{"github.com/neo4j/neo4j-go-driver/..."},
	Glue: `
import (
	"errors"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Neo4j by their code.
func classify(err error) resil.Verdict {
	if e, _ := errors.AsType[*neo4j.TransactionExecutionLimit](err); e != nil && len(e.Errors) > 0 {
		err = e.Errors[len(e.Errors)-1]
		if !errors.As(err, new(*neo4j.Neo4jError)) {
			return resil.Verdict{Class: resil.All(err).Class}
		}
	}
	if e, _ := errors.AsType[*neo4j.ConnectivityError](err); e != nil {
		v := resil.All(e.Inner)
		v.Final = !neo4j.IsRetryable(e)
		return v
	}
	if e, _ := errors.AsType[*neo4j.Neo4jError](err); e != nil {
		return resil.Neo4jCode(e.Code)
	}
	return resil.Verdict{}
}
`,
	Safe:    []string{"VerifyConnectivity", "VerifyAuthentication", "BeginTransaction"},
	Unsafe:  []string{"Peek", "PeekRecord"}, // of a result, which read on
	Retries: Retries{Attempts: 6, Switch: "func(c *config.Config) { c.MaxTransactionRetryTime = 0 }"},
	Notes: []string{
		"ExecuteRead, ExecuteWrite and ExecuteQuery repeat the transaction by themselves for up to 30 seconds, about six times; Run repeats nothing.",
		"A connection that is lost during a commit leaves open whether it was done: such a call is not repeated.",
		"Results are read after the call: what goes wrong then is not guarded.",
	},
}
