package sdk

var mysqlLibrary = &Library{
	Name:   "mysql",
	Ident:  "MySQL",
	Title:  "MySQL (go-sql-driver)",
	Tried:  []string{"github.com/go-sql-driver/mysql@v1.10.1"},
	Shown:  []string{"github.com/go-sql-driver/mysql"},
	Behind: "sql",
	Glue: `
import (
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of the MySQL driver. Those of the server are classified
// by their number.
func classify(err error) resil.Verdict {
	if e, _ := errors.AsType[*mysql.MySQLError](err); e != nil {
		v := resil.MySQLError(e.Number)
		v.Unsent = e.Number == 1040 // too many connections: the server said so instead of a greeting
		return v
	}
	switch {
	case errors.Is(err, driver.ErrBadConn): // only of statements of which the driver has sent nothing
		return resil.Verdict{Class: resil.Infrastructure, Unsent: true}
	case errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, mysql.ErrMalformPkt),
		errors.Is(err, mysql.ErrPktSync), errors.Is(err, mysql.ErrPktSyncMul):
		return resil.Verdict{Class: resil.Infrastructure}
	case errors.Is(err, mysql.ErrPktTooLarge):
		return resil.Verdict{Class: resil.Application}
	case errors.Is(err, mysql.ErrNoTLS), errors.Is(err, mysql.ErrUnknownPlugin), errors.Is(err, mysql.ErrOldProtocol),
		errors.Is(err, mysql.ErrCleartextPassword), errors.Is(err, mysql.ErrNativePassword), errors.Is(err, mysql.ErrOldPassword):
		return resil.Verdict{Class: resil.SystemFault, Unsent: true}
	}
	return resil.Verdict{}
}
`,
	Safe:   sqlSafe,
	Unsafe: sqlUnsafe,
	Notes: []string{
		"The driver closes a connection when the context of a statement on it ends, and MySQL goes on with the statement.",
		"After a failover, a connection can end at a server that is read-only: with rejectReadOnly=true the driver drops it.",
		returningNote,
	},
}
