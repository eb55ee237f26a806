package sdk

// The package does not know what the errors of its drivers mean. What it says itself
// is little.
var sqlLibrary = &Library{
	Name:  "sql",
	Ident: "SQL",
	Title: "database/sql",
	Shown: []string{"database/sql"},
	Glue: `
import (
	"database/sql"
	"errors"

	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of database/sql itself, and not those of its drivers.
func classify(err error) resil.Verdict {
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, sql.ErrConnDone) {
		return resil.Verdict{Class: resil.Application}
	}
	return resil.Verdict{}
}

// failedRow makes a row whose Scan returns err.
func failedRow(err error) *sql.Row { return resil.FailedRow(err) }
`,
	Safe:   sqlSafe,
	Unsafe: sqlUnsafe,
	Notes: []string{
		"Signatures of database/sql do not show the driver: name it, as in //resil:classify mysql, or sqlite, sqlite3, pq, pgx, mssql.",
		"database/sql repeats by itself, up to three times, what a driver calls a bad connection; with lib/pq and the stdlib package of pgx that can be a statement that the server has got.",
		"What goes wrong while rows are read comes from rows.Err or row.Scan, and is not guarded.",
		returningNote,
	},
}

// Methods of *sql.DB and *sql.Conn that may be repeated: a transaction or statement of
// which the answer is lost ends with its connection. Queries may be INSERT … RETURNING,
// or call a procedure.
var (
	sqlSafe   = []string{"Begin", "BeginTx", "Conn", "Prepare", "PrepareContext"}
	sqlUnsafe = []string{"Query", "QueryContext", "QueryRow", "QueryRowContext"}
)

const returningNote = "A query can write (INSERT … RETURNING, procedures), so retry reaches Query methods only where idempotent says that they read."
