package sdk

// The driver returns errors by value.
var sqlite3Library = &Library{
	Name:   "sqlite3",
	Ident:  "SQLite3",
	Title:  "SQLite (mattn/go-sqlite3)",
	Tried:  []string{"github.com/mattn/go-sqlite3@v1.14.53"},
	Shown:  []string{"github.com/mattn/go-sqlite3"},
	Behind: "sql",
	Glue: `
import (
	"errors"

	sqlite3 "github.com/mattn/go-sqlite3"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of SQLite by their code.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		return resil.SQLiteCode(int(e.Code))
	}
	return resil.Verdict{}
}
`,
	Safe:   sqlSafe,
	Unsafe: sqlUnsafe,
	Notes: []string{
		"The driver waits five seconds for a lock unless _busy_timeout says otherwise: set it below the attempt timeout.",
		returningNote,
	},
}
