package sdk

var mysqlLibrary = &Library{
	Name:  "mysql",
	Ident: "MySQL",
	Title: "MySQL (go-sql-driver)",
	Tried: []string{"github.com/go-sql-driver/mysql@v1.10.1"},
	Shown: []string{"github.com/go-sql-driver/mysql"},
	Glue: `
import (
	"errors"

	"github.com/go-sql-driver/mysql"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of the MySQL driver by their number.
func classify(err error) resil.Verdict {
	if errors.Is(err, mysql.ErrInvalidConn) {
		return resil.Verdict{Class: resil.Infrastructure}
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return resil.MySQLError(e.Number)
	}
	return resil.Verdict{}
}
`,
}
