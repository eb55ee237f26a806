package resil

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
)

func TestFailedRowTellsItsError(t *testing.T) {
	for _, err := range []error{errors.New("text"), fmt.Errorf("wrapped: %w", driver.ErrBadConn), &Error{Reason: ErrOpen}} {
		row := FailedRow(err)
		if got := row.Err(); got != err {
			t.Errorf("Err() = %v, want %v", got, err)
		}
		if got := row.Scan(); got != err {
			t.Errorf("Scan() = %v, want %v", got, err)
		}
	}
}
