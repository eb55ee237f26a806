package sdk

var sqliteLibrary = &Library{
	Name:   "sqlite",
	Ident:  "SQLite",
	Title:  "SQLite (modernc.org/sqlite)",
	Tried:  []string{"modernc.org/sqlite@v1.62.0"},
	Shown:  []string{"modernc.org/sqlite"},
	Behind: "sql",
	Glue: `
import (
	"errors"

	resil "github.com/resilgen/resilgen/runtime"
	"modernc.org/sqlite"
)

// classify classifies the errors of SQLite by their code.
func classify(err error) resil.Verdict {
	if e, _ := errors.AsType[*sqlite.Error](err); e != nil {
		return resil.SQLiteCode(e.Code())
	}
	return resil.Verdict{}
}
`,
	Safe:   sqlSafe,
	Unsafe: sqlUnsafe,
	Notes: []string{
		busyNote,
		returningNote,
	},
}

const busyNote = "SQLite waits for locks by itself where it has a busy timeout: set it (PRAGMA busy_timeout) below the attempt timeout."
