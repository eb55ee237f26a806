package resil

import "strings"

// Neo4jCode says what a status code of Neo4j means, such as
// Neo.ClientError.Statement.SyntaxError. The codes are those of "Neo4j status codes",
// version 5. Those that may pass are the ones that neo4j-go-driver 5.28 repeats:
//
//   - Neo.TransientError is Infrastructure, and so is a server that has ceased to be the
//     leader, Cluster.NotALeader and General.ForbiddenOnReadOnlyDatabase;
//   - of the transient ones, limits, Request.NoThreadsAvailable and
//     Transaction.MaximumTransactionLimitReached, and conflicts of transactions,
//     Transaction.DeadlockDetected and Transaction.LockAcquisitionTimeout, are Throttled; so is
//     Security.AuthorizationExpired, after which the server only wants to look again;
//   - Neo.DatabaseError, a login that failed, Security.Unauthorized,
//     Security.AuthenticationRateLimit, Security.CredentialsExpired and
//     Security.TokenExpired, and Database.DatabaseNotFound are SystemFault;
//   - every other Neo.ClientError is Application; so are Transaction.Terminated and
//     Transaction.LockClientStopped, which servers before version 5 called transient;
//   - any other text is Undecided.
func Neo4jCode(code string) Verdict {
	kind, title, _ := strings.Cut(strings.TrimPrefix(code, "Neo."), ".")
	if !strings.HasPrefix(code, "Neo.") || title == "" {
		return Verdict{}
	}
	switch kind {
	case "TransientError":
		switch title {
		case "Request.NoThreadsAvailable", "Transaction.MaximumTransactionLimitReached",
			"Transaction.DeadlockDetected", "Transaction.LockAcquisitionTimeout":
			return Verdict{Class: Throttled}
		case "Transaction.Terminated", "Transaction.LockClientStopped":
			return Verdict{Class: Application}
		}
		return Verdict{Class: Infrastructure}
	case "DatabaseError":
		return Verdict{Class: SystemFault}
	case "ClientError":
		switch title {
		case "Cluster.NotALeader", "General.ForbiddenOnReadOnlyDatabase":
			return Verdict{Class: Infrastructure}
		case "Security.AuthorizationExpired":
			return Verdict{Class: Throttled}
		case "Security.Unauthorized", "Security.AuthenticationRateLimit", "Security.CredentialsExpired",
			"Security.TokenExpired", "Database.DatabaseNotFound":
			return Verdict{Class: SystemFault}
		}
		return Verdict{Class: Application}
	}
	return Verdict{}
}
