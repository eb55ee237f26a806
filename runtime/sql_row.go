package resil

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// FailedRow returns a row whose Scan and Err return err, which must not be nil. Wrappers
// return it where a method gives a row to a caller who is refused.
func FailedRow(err error) *sql.Row {
	db := sql.OpenDB(failedDatabase{err})
	defer db.Close()
	return db.QueryRowContext(context.Background(), "")
}

// A failedDatabase fails to connect.
type failedDatabase struct{ err error }

func (d failedDatabase) Connect(context.Context) (driver.Conn, error) { return nil, d.err }
func (d failedDatabase) Driver() driver.Driver                        { return nil }
