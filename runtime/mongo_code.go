package resil

// MongoCode says what an error code of MongoDB means. The names are those of the server's
// error_codes.yml. Those that may pass are the ones that mongo-driver 2.10 repeats or takes
// for a change of the primary:
//
//   - hosts and networks that fail, 6, 7, 89 and 9001, shutdowns, 91 and 11600, a primary
//     that has changed or is not there yet, 134, 189, 10058, 10107, 11602, 13435 and 13436,
//     and time limits that passed, 50 and 262, are Infrastructure;
//   - LockTimeout, LockBusy and WriteConflict (24, 46, 112) are Throttled: they may be
//     repeated and are no illness of the server; so are 462, a limit of the server's, and
//     16500, Cosmos DB's for requests that cost too much;
//   - AuthenticationFailed (18) is SystemFault;
//   - 0 and negative numbers are Undecided, and every other code is Application.
//
// The labels of an error tell more, and [Network] reads them.
func MongoCode(code int) Verdict {
	if code <= 0 {
		return Verdict{}
	}
	switch code {
	case 6, 7, 89, 9001, 91, 11600, 134, 189, 10058, 10107, 11602, 13435, 13436, 50, 262:
		return Verdict{Class: Infrastructure}
	case 24, 46, 112, 462, 16500:
		return Verdict{Class: Throttled}
	case 18:
		return Verdict{Class: SystemFault}
	}
	return Verdict{Class: Application}
}
