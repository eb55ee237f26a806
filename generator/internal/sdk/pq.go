package sdk

// What the server says has a SQLSTATE, which resil.Network reads. Two of them come only
// instead of a session, before any statement.
var pqLibrary = &Library{
	Name:   "pq",
	Ident:  "PQ",
	Title:  "lib/pq (PostgreSQL)",
	Tried:  []string{"github.com/lib/pq@v1.12.3"},
	Shown:  []string{"github.com/lib/pq"},
	Behind: "sql",
	Glue: `
import (
	"errors"

	"github.com/lib/pq"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of lib/pq itself; those of PostgreSQL have a SQLSTATE,
// which resil.Network knows. A server that has no connection left, or is not ready, has
// got no statement.
func classify(err error) resil.Verdict {
	if e, _ := errors.AsType[*pq.Error](err); e != nil && (e.Code == "53300" || e.Code == "57P03") {
		v := resil.SQLState(string(e.Code))
		v.Unsent = true
		return v
	}
	switch {
	case errors.Is(err, pq.ErrSSLNotSupported), errors.Is(err, pq.ErrCouldNotDetectUsername):
		return resil.Verdict{Class: resil.SystemFault, Unsent: true}
	case errors.Is(err, pq.ErrNotSupported), errors.Is(err, pq.ErrInFailedTransaction):
		return resil.Verdict{Class: resil.Application}
	}
	return resil.Verdict{}
}
`,
	Safe:   sqlSafe,
	Unsafe: sqlUnsafe,
	Notes: []string{
		"A statement whose connection breaks before the answer comes is sent up to three times, by lib/pq and database/sql together, with no setting against it: inserts need a key of their own.",
		"Where a context ends, lib/pq cancels the statement and returns SQLSTATE 57014, the same that a statement_timeout of the server gives.",
		"Where the server hangs, or its answers are lost on the way, lib/pq waits for as long as the connection lives, and no timeout ends the call; pgx ends it.",
		returningNote,
	},
}
