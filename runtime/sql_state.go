package resil

// SQLState says what a SQLSTATE of PostgreSQL means, or of a database that speaks its
// protocol. The codes are those of PostgreSQL's manual, appendix "PostgreSQL Error
// Codes":
//
//   - 08 (connection), 57 (operator intervention: a shutdown, a statement that ran
//     into its timeout), 53 (disk full, out of memory), 58 (system error) and 25006 (a
//     read-only server, as after a failover) are Infrastructure;
//   - 53300 and 53400 (too many connections, a configured limit) are Throttled; so are
//     conflicts of transactions, 40001, 40P01 and 55P03, which may be repeated and
//     are no illness of the server;
//   - 28 (authorization), 3D000 and 57P04 (no such database), F0 (configuration file)
//     and XX (internal error, corruption) are SystemFault;
//   - 00 is Success, and every other code is Application;
//   - what is no SQLSTATE, of five characters, is Undecided.
func SQLState(code string) Verdict {
	if len(code) != 5 {
		return Verdict{}
	}
	switch code {
	case "25006":
		return Verdict{Class: Infrastructure}
	case "40001", "40P01", "53300", "53400", "55P03":
		return Verdict{Class: Throttled}
	case "3D000", "57P04":
		return Verdict{Class: SystemFault}
	}
	switch code[:2] {
	case "00":
		return Verdict{Class: Success}
	case "08", "53", "57", "58":
		return Verdict{Class: Infrastructure}
	case "28", "F0", "XX":
		return Verdict{Class: SystemFault}
	}
	return Verdict{Class: Application}
}
