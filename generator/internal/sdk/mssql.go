package sdk

// Severities from 17 on are the server's own trouble: it lacks something, or has failed.
// Numbers from 50000 on are those of the program's own THROW and RAISERROR.
var mssqlLibrary = &Library{
	Name:   "mssql",
	Ident:  "MSSQL",
	Title:  "Microsoft SQL Server (go-mssqldb)",
	Tried:  []string{"github.com/microsoft/go-mssqldb@v1.11.2"},
	Shown:  []string{"github.com/microsoft/go-mssqldb/..."},
	Behind: "sql",
	Glue: `
import (
	"errors"

	mssql "github.com/microsoft/go-mssqldb"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of SQL Server by number and severity.
func classify(err error) resil.Verdict {
	if errors.As(err, new(mssql.RetryableError)) {
		return resil.Verdict{Class: resil.Infrastructure, Unsent: true}
	}
	var v resil.Verdict
	e, ok := errors.AsType[mssql.Error](err)
	if ok {
		v = resil.SQLServerError(e.Number)
	}
	failed := ok && e.Class >= 17 && e.Number < 50000 ||
		errors.As(err, new(mssql.ServerError)) || errors.As(err, new(mssql.StreamError))
	if failed && (v.Class == resil.Undecided || v.Class == resil.Application) {
		v.Class = resil.Infrastructure
	}
	return v
}
`,
	Safe:   sqlSafe,
	Unsafe: sqlUnsafe,
	Notes: []string{
		"A statement that ran into a timeout may have been done all the same.",
		returningNote,
	},
}
