package resil

// SQLServerError says what an error number of Microsoft SQL Server and Azure SQL
// means. Those that may pass are the ones that Microsoft's own clients repeat (the
// SqlServerTransientExceptionDetector of EF Core, the retry logic of SqlClient):
//
//   - limits of Azure SQL, 10928, 10929, 40501 and 49918 to 49920, are Throttled; so
//     are conflicts of transactions, 1205, 1222, 41301, 41302, 41305, 41325 and
//     41839, which are no illness of the server;
//   - lost connections and databases that are moved or not available are
//     Infrastructure;
//   - a login that failed, 18452, 18456, 18470, 18487 and 18488, is SystemFault;
//   - 0 is Undecided, and every other number is Application.
func SQLServerError(number int32) Verdict {
	switch number {
	case 0:
		return Verdict{}
	case 10928, 10929, 40501, 49918, 49919, 49920,
		1205, 1222, 41301, 41302, 41305, 41325, 41839:
		return Verdict{Class: Throttled}
	case 20, 64, 121, 233, 997, 1204, 4060, 10053, 10054, 10060, 40197, 40613, 49977, 49983:
		return Verdict{Class: Infrastructure}
	case 18452, 18456, 18470, 18487, 18488:
		return Verdict{Class: SystemFault}
	}
	return Verdict{Class: Application}
}
