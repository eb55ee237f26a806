package resil

// SQLiteCode says what a result code of SQLite means. Of extended codes only the
// primary one counts, in the lowest eight bits. The codes are those of "Result and Error
// Codes" in SQLite's documentation (3.50):
//
//   - OK, ROW and DONE (0, 100, 101) are Success;
//   - BUSY, LOCKED and PROTOCOL (5, 6, 15), which say that another connection holds the
//     lock, are Throttled: they may be repeated and are no illness;
//   - NOMEM, IOERR and FULL (7, 10, 13) are Infrastructure;
//   - INTERNAL, READONLY, CORRUPT, CANTOPEN, MISUSE and NOTADB (2, 8, 11, 14, 21, 26) are
//     SystemFault;
//   - INTERRUPT (9), by which a driver ends a statement whose context is done, and negative
//     numbers are Undecided;
//   - every other code is Application.
func SQLiteCode(code int) Verdict {
	if code < 0 {
		return Verdict{}
	}
	switch code & 0xff {
	case 0, 100, 101:
		return Verdict{Class: Success}
	case 5, 6, 15:
		return Verdict{Class: Throttled}
	case 7, 10, 13:
		return Verdict{Class: Infrastructure}
	case 2, 8, 11, 14, 21, 26:
		return Verdict{Class: SystemFault}
	case 9:
		return Verdict{}
	}
	return Verdict{Class: Application}
}
