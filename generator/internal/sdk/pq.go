package sdk

// What the server says has a SQLSTATE, which resil.Network reads.
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
// which resil.Network knows.
func classify(err error) resil.Verdict {
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
		"A statement whose connection breaks before the answer comes is sent up to three times, by lib/pq and database/sql together, with no setting against it: inserts need a key of their own. Where the last of them finds no server, retry on=unsent repeats the statement too.",
		"Where a context ends, lib/pq cancels the statement and returns SQLSTATE 57014, the same that a statement_timeout of the server gives.",
		"Where the server hangs, or its answers are lost on the way, lib/pq waits for as long as the connection lives, and no timeout ends the call; pgx ends it.",
		returningNote,
	},
}
