package sdk

// What the server says has a SQLSTATE, which resil.Network reads. A connection that could
// not be made carries no statement, whatever the reason. SafeToRetry proves nothing: pgx 5.9
// to 5.12 gives ErrConnClosed with it for a statement whose connection broke before the
// answer came.
var pgxLibrary = &Library{
	Name:   "pgx",
	Ident:  "Pgx",
	Title:  "pgx (PostgreSQL)",
	Tried:  []string{"github.com/jackc/pgx/v5@v5.12.0"},
	Shown:  []string{"github.com/jackc/pgx/..."},
	Behind: "sql",
	Glue: `
import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of pgx itself; those of PostgreSQL have a SQLSTATE, which
// resil.Network knows. Where there is no connection, nothing was sent.
func classify(err error) resil.Verdict {
	if e, _ := errors.AsType[*pgconn.ConnectError](err); e != nil {
		v := resil.All(err)
		v.Unsent = true
		return v
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows), errors.Is(err, pgx.ErrTooManyRows),
		errors.Is(err, pgx.ErrTxClosed), errors.Is(err, pgx.ErrTxCommitRollback):
		return resil.Verdict{Class: resil.Application}
	}
	return resil.Verdict{}
}
`,
	Safe:   []string{"Begin", "BeginTx", "Acquire", "Prepare", "Deallocate", "DeallocateAll"},
	Unsafe: []string{"Query", "QueryRow"}, // which run INSERT … RETURNING too
	Notes: []string{
		"pgx closes a connection when the context of a statement on it ends, so that each timeout costs a new connection.",
		"QueryRow makes its call when its row is scanned. SendBatch returns no error: it comes later, from the batch, and is not guarded.",
		"Query returns before the rows are read: what goes wrong later is in rows.Err, and is not guarded.",
		"In a transaction no statement can be repeated after an error: repeat the function that runs the whole transaction.",
	},
}
