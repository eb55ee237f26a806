package resil

// MySQLError says what an error number of MySQL means, or of a server that speaks its
// protocol. The numbers are those of the MySQL 8.4 error reference, MariaDB's from 1900
// to 1999, and TiDB's from 8000 on; those of a read-only server are what
// go-sql-driver/mysql 1.10 drops a connection for (rejectReadOnly):
//
//   - limits of connections and users, 1040, 1203 and 1226, are Throttled, and so is
//     9003, a busy TiKV; so are conflicts of transactions, 1205, 1213, 1614, 1689, 3101,
//     3572, 8002, 8005, 8022, 8028, 9004 and 9007, which may be repeated and are no
//     illness of the server;
//   - shutdowns, 1053, 1077 to 1080, 3032 and 3168, lost and killed connections, 1042,
//     1043, 1152, 1158 to 1161, 1184, 1927, 3169 and 4031, interrupted and overlong
//     statements, 1317, 1969 and 3024, read-only servers, as after a failover, 1290, 1792
//     and 1836, want of memory, disk or threads, 1021, 1037, 1038, 1041, 1114, 1135 and
//     1206, a node of Galera that is not ready, 1047, and parts of TiDB that do not
//     answer, 9001, 9002 and 9005, are Infrastructure;
//   - logins that failed and databases that do not exist or are closed to this user, 1044,
//     1045, 1049, 1129, 1130, 1698, 1820, 1862 and 3118, are SystemFault;
//   - 0 is Undecided, and every other number is Application.
func MySQLError(number uint16) Verdict {
	switch number {
	case 0:
		return Verdict{}
	case 1040, 1203, 1226, 9003,
		1205, 1213, 1614, 1689, 3101, 3572, 8002, 8005, 8022, 8028, 9004, 9007:
		return Verdict{Class: Throttled}
	case 1053, 1077, 1078, 1079, 1080, 3032, 3168,
		1042, 1043, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 3169, 4031,
		1317, 1969, 3024,
		1290, 1792, 1836,
		1021, 1037, 1038, 1041, 1114, 1135, 1206,
		1047, 9001, 9002, 9005:
		return Verdict{Class: Infrastructure}
	case 1044, 1045, 1049, 1129, 1130, 1698, 1820, 1862, 3118:
		return Verdict{Class: SystemFault}
	}
	return Verdict{Class: Application}
}
