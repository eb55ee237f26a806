package resil

// CQLCode says what an error code of Cassandra's native protocol means; ScyllaDB has the
// same ones. The codes are those of version 5 of the protocol, section "Error codes":
//
//   - Overloaded (0x1001) is Throttled; so is a conditional write that met others, CAS write
//     unknown (0x1700), which is no illness of the server;
//   - Server error (0x0000), Unavailable, Is bootstrapping and Truncate error (0x1000,
//     0x1002, 0x1003), timeouts and failures of writes and reads (0x1100, 0x1200, 0x1300,
//     0x1500) and a full log of changes (0x1600) are Infrastructure;
//   - Protocol error and Bad credentials (0x000A, 0x0100) are SystemFault;
//   - negative numbers are Undecided, and every other code is Application.
func CQLCode(code int) Verdict {
	switch code {
	case 0x1001, 0x1700:
		return Verdict{Class: Throttled}
	case 0x0000, 0x1000, 0x1002, 0x1003, 0x1100, 0x1200, 0x1300, 0x1500, 0x1600:
		return Verdict{Class: Infrastructure}
	case 0x000A, 0x0100:
		return Verdict{Class: SystemFault}
	}
	if code < 0 {
		return Verdict{}
	}
	return Verdict{Class: Application}
}
