package sdk

import "strings"

// The two drivers have the same errors: gocql has become the one of Apache.
var (
	cassandraLibrary = gocqlLibrary("cassandra", "Cassandra", "Apache Cassandra GoCQL driver", "github.com/apache/cassandra-gocql-driver/v2", "v2.1.2")
	gocqlV1Library   = gocqlLibrary("gocql", "Gocql", "gocql (Cassandra, before it moved to Apache)", "github.com/gocql/gocql", "v1.7.0")
)

func gocqlLibrary(name, ident, title, module, version string) *Library {
	return &Library{
		Name:  name,
		Ident: ident,
		Title: title,
		Tried: []string{module + "@" + version},
		Shown: []string{Versionless(module)},
		Glue:  strings.ReplaceAll(gocqlGlue, "MODULE", module),
		Safe:  []string{"MapScan", "MapScanContext", "StatementMetadata", "AwaitSchemaAgreement"},
		// Writes that compare first, and counters: whether the first attempt has written is
		// not known, and the second one finds another value.
		Unsafe: []string{"ScanCAS*", "MapScanCAS*", "Exec*", "MapExec*"},
		Notes: []string{
			"The driver repeats nothing unless a RetryPolicy is set and the query is marked as idempotent; use one of the two, its or ours.",
			"The driver gives up a request after its own Timeout, 11 seconds unless set: set it above the attempt timeout, or leave timeouts to it.",
			"Methods without a context, such as Query.Exec, cannot be guarded: use ExecContext, ScanContext and IterContext, or a method of your own that takes a context.",
			"What goes wrong while rows are read comes from Iter.Close, and is not guarded.",
		},
	}
}

// Without a connection or a stream nothing was sent.
const gocqlGlue = `
import (
	"errors"

	gocql "MODULE"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Cassandra by their code.
func classify(err error) resil.Verdict {
	switch {
	case errors.Is(err, gocql.ErrNotFound):
		return resil.Verdict{Class: resil.Application}
	case errors.Is(err, gocql.ErrNoConnections):
		return resil.Verdict{Class: resil.Infrastructure, Unsent: true}
	case errors.Is(err, gocql.ErrNoStreams):
		return resil.Verdict{Class: resil.Throttled, Unsent: true}
	case errors.Is(err, gocql.ErrTimeoutNoResponse), errors.Is(err, gocql.ErrConnectionClosed), errors.Is(err, gocql.ErrUnavailable):
		return resil.Verdict{Class: resil.Infrastructure}
	case errors.Is(err, gocql.ErrSessionClosed):
		return resil.Verdict{Class: resil.SystemFault}
	}
	if e, ok := errors.AsType[gocql.RequestError](err); ok {
		return resil.CQLCode(e.Code())
	}
	return resil.Verdict{}
}
`
