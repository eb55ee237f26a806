package resil

import (
	"fmt"
	"iter"
	"math"
	"testing"
)

// wantClasses checks a table of codes: the named ones by class, and what is left by
// rest.
func wantClasses[C comparable](t *testing.T, table func(C) Verdict, want map[Class][]C) {
	t.Helper()
	for class, codes := range want {
		for _, code := range codes {
			if got := table(code); got != (Verdict{Class: class}) {
				t.Errorf("%v is %+v, want %v", code, got, class)
			}
		}
	}
}

func TestHTTPStatusTable(t *testing.T) {
	wantClasses(t, HTTPStatus, map[Class][]int{
		Success:        {100, 101, 200, 201, 204, 206, 299, 301, 302, 304, 308, 399},
		Application:    {400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 426, 428, 431, 451, 499, 501, 505},
		Infrastructure: {408, 425, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524, 525, 526, 527, 530, 599, 0, -1, 99, 600, 999},
		SystemFault:    {511},
		Throttled:      {429},
	})
}

func TestGRPCCodeTable(t *testing.T) {
	wantClasses(t, GRPCCode, map[Class][]uint32{
		Success:        {0},
		Application:    {2, 3, 5, 6, 7, 9, 11, 12, 16, 17, 1 << 31},
		Infrastructure: {1, 4, 13, 14},
		SystemFault:    {15},
		Throttled:      {8, 10},
	})
}

func TestSQLStateTable(t *testing.T) {
	wantClasses(t, SQLState, map[Class][]string{
		Undecided:      {"", "4000", "400010", "connection refused"},
		Success:        {"00000"},
		Application:    {"01000", "02000", "22001", "22P02", "23505", "23503", "25001", "25P02", "40000", "40002", "42601", "42P01", "42501", "55006", "P0001", "P0002", "0A000", "2BP01"},
		Infrastructure: {"08000", "08001", "08003", "08004", "08006", "08007", "08P01", "25006", "53000", "53100", "53200", "57000", "57014", "57P01", "57P02", "57P03", "57P05", "58000", "58030", "58P01"},
		SystemFault:    {"28000", "28P01", "3D000", "57P04", "F0000", "F0001", "XX000", "XX001", "XX002"},
		Throttled:      {"40001", "40P01", "53300", "53400", "55P03"},
	})
}

func TestSQLServerErrorTable(t *testing.T) {
	wantClasses(t, SQLServerError, map[Class][]int32{
		Undecided:      {0},
		Application:    {-2, 102, 207, 208, 229, 515, 547, 2601, 2627, 50000},
		Infrastructure: {20, 64, 121, 233, 997, 1204, 4060, 10053, 10054, 10060, 40197, 40613, 49977, 49983},
		SystemFault:    {18452, 18456, 18470, 18487, 18488},
		Throttled:      {1205, 1222, 10928, 10929, 40501, 41301, 41302, 41305, 41325, 41839, 49918, 49919, 49920},
	})
}

func TestAWSCodeTable(t *testing.T) {
	wantClasses(t, AWSCode, map[Class][]string{
		Undecided:      {"", "NoSuchKey", "AccessDenied", "InternalError", "ServiceUnavailable", "slowdown"},
		Infrastructure: {"RequestTimeout", "RequestTimeoutException"},
		Throttled: {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "TooManyRequestsException",
			"ProvisionedThroughputExceededException", "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
			"LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException"},
	})
}

// wantRest checks all the codes of a table: those of want, and every other one by rest.
func wantRest[C comparable](t *testing.T, table func(C) Verdict, codes iter.Seq[C], want map[Class][]C, rest func(C) Class) {
	t.Helper()
	wantClasses(t, table, want)
	listed := map[C]bool{}
	for _, group := range want {
		for _, code := range group {
			if listed[code] {
				t.Errorf("%v stands twice", code)
			}
			listed[code] = true
		}
	}
	for code := range codes {
		if got := table(code); !listed[code] && got != (Verdict{Class: rest(code)}) {
			t.Errorf("%v, which is not listed, is %+v, want %v", code, got, rest(code))
		}
	}
}

// numbers are the codes from one to another.
func numbers[C int | int16 | uint16](from, to int) iter.Seq[C] {
	return func(yield func(C) bool) {
		for n := from; n <= to; n++ {
			if !yield(C(n)) {
				return
			}
		}
	}
}

// positive says that an unknown code is an answer, and that what is no code is nothing.
func positive[C int | int16 | uint16](code C) Class {
	if code <= 0 {
		return Undecided
	}
	return Application
}

func TestMySQLErrorTable(t *testing.T) {
	wantRest(t, MySQLError, numbers[uint16](0, math.MaxUint16), map[Class][]uint16{
		Undecided:   {0},
		Application: {1062, 1064, 1142, 1146, 1451, 1452, 1644, 2006, 2013, 2014, 3819},
		Infrastructure: {1021, 1037, 1038, 1041, 1042, 1043, 1047, 1053, 1077, 1078, 1079, 1080, 1114, 1135, 1152, 1158, 1159, 1160, 1161, 1184,
			1206, 1290, 1317, 1792, 1836, 1927, 1969, 3024, 3032, 3168, 3169, 4031, 9001, 9002, 9005},
		SystemFault: {1044, 1045, 1049, 1129, 1130, 1698, 1820, 1862, 3118},
		Throttled:   {1040, 1203, 1205, 1213, 1226, 1614, 1689, 3101, 3572, 8002, 8005, 8022, 8028, 9003, 9004, 9007},
	}, positive)
}

func TestSQLiteCodeTable(t *testing.T) {
	primary := map[Class][]int{
		Undecided:      {9, -1, math.MinInt},
		Success:        {0, 100, 101},
		Application:    {1, 3, 4, 12, 16, 17, 18, 19, 20, 22, 23, 24, 25, 27, 28},
		Infrastructure: {7, 10, 13},
		SystemFault:    {2, 8, 11, 14, 21, 26},
		Throttled:      {5, 6, 15},
	}
	wantRest(t, SQLiteCode, numbers[int](-300, 255), primary, func(code int) Class {
		if code < 0 {
			return Undecided
		}
		return Application
	})
	for code := range 1 << 16 {
		if got, want := SQLiteCode(code), SQLiteCode(code%256); got != want {
			t.Errorf("the extended code %d is %+v, and its primary one %+v", code, got, want)
		}
	}
}

func TestRedisCodeTable(t *testing.T) {
	wantClasses(t, RedisCode, map[Class][]string{
		Undecided: {"", " ", "redis: nil", "LOADING: dataset", "loading data", "dial tcp: LOADING ", "context deadline exceeded", "EOF2 x", "É x"},
		Application: {"ERR unknown command 'FOO'", "ERR", "WRONGTYPE Operation against a key", "NOPERM this user", "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381",
			"EXECABORT Transaction discarded", "NOSCRIPT No matching script", "CROSSSLOT Keys in request", "BUSYGROUP Consumer Group name already exists", "BUSYKEY Target key",
			"ERR LOADING is no code here", "ERR the max number of clients reached"},
		Infrastructure: {"LOADING Redis is loading the dataset in memory", "LOADING", "READONLY You can't write against a read only replica.", "MASTERDOWN Link with MASTER is down",
			"CLUSTERDOWN The cluster is down", "NOREPLICAS Not enough good replicas to write.", "TRYAGAIN Multiple keys request during rehashing of slot", "BUSY Redis is busy running a script."},
		SystemFault: {"NOAUTH Authentication required.", "WRONGPASS invalid username-password pair", "OOM command not allowed when used memory > 'maxmemory'.", "MISCONF Redis is configured to save RDB snapshots"},
		Throttled:   {"ERR max number of clients reached", "ERR max number of clients reached + cluster connections"},
	})
}

func TestMongoCodeTable(t *testing.T) {
	wantRest(t, MongoCode, numbers[int](-300, 70_000), map[Class][]int{
		Undecided:      {0, -1, math.MinInt32},
		Application:    {1, 2, 11, 13, 20, 26, 43, 59, 64, 121, 251, 11000, 31082, math.MaxInt32},
		Infrastructure: {6, 7, 50, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436},
		SystemFault:    {18},
		Throttled:      {24, 46, 112, 462, 16500},
	}, positive)
}

func TestKafkaCodeTable(t *testing.T) {
	wantRest(t, KafkaCode, numbers[int16](math.MinInt16, math.MaxInt16), map[Class][]int16{
		Success:        {0},
		Undecided:      {-1, -2, math.MinInt16},
		Application:    {1, 4, 10, 17, 18, 22, 25, 27, 29, 30, 35, 36, 42, 45, 47, 53, 65, 90, 120},
		Infrastructure: {2, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 41, 56, 72, 74, 75, 80, 83},
		SystemFault:    {31, 33, 34, 54, 58},
		Throttled:      {3, 51, 70, 71, 78, 84, 88, 89, 100, 103, 106, 133},
	}, positive)
}

func TestAMQPCodeTable(t *testing.T) {
	wantRest(t, AMQPCode, numbers[int](-300, 70_000), map[Class][]int{
		Success:        {200},
		Undecided:      {0, -1, 199, 600, math.MaxInt32, math.MinInt32},
		Application:    {312, 313, 402, 403, 404, 405, 406, 502, 503, 505, 540},
		Infrastructure: {320, 501, 506, 541},
		SystemFault:    {504},
		Throttled:      {311},
	}, func(code int) Class {
		if code < 200 || code > 599 {
			return Undecided
		}
		return Application
	})
}

func TestCQLCodeTable(t *testing.T) {
	wantRest(t, CQLCode, numbers[int](-300, 70_000), map[Class][]int{
		Undecided:      {-1, math.MinInt32},
		Application:    {0x1400, 0x2000, 0x2100, 0x2200, 0x2300, 0x2400, 0x2500, math.MaxInt32},
		Infrastructure: {0, 0x1000, 0x1002, 0x1003, 0x1100, 0x1200, 0x1300, 0x1500, 0x1600},
		SystemFault:    {0x000A, 0x0100},
		Throttled:      {0x1001, 0x1700},
	}, positive)
}

func TestTwirpCodeTable(t *testing.T) {
	wantClasses(t, TwirpCode, map[Class][]string{
		Undecided: {"", "UNAVAILABLE", "busy"},
		Application: {"unknown", "invalid_argument", "malformed", "not_found", "bad_route", "already_exists", "permission_denied", "unauthenticated",
			"failed_precondition", "out_of_range", "unimplemented"},
		Infrastructure: {"canceled", "deadline_exceeded", "internal", "unavailable"},
		SystemFault:    {"data_loss", "dataloss"},
		Throttled:      {"resource_exhausted", "aborted"},
	})
}

// The codes that Twirp shares with gRPC mean the same in both.
func TestTwirpCodesMeanWhatGRPCCodesDo(t *testing.T) {
	for code, name := range []string{1: "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied",
		"resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated"} {
		if twirp, grpc := TwirpCode(name), GRPCCode(uint32(code)); code > 0 && twirp != grpc {
			t.Errorf("%s is %+v, and gRPC's %d is %+v", name, twirp, code, grpc)
		}
	}
}

func TestNeo4jCodeTable(t *testing.T) {
	wantClasses(t, Neo4jCode, map[Class][]string{
		Undecided: {"", "Neo.", "Neo.TransientError", "Neo.TransientError.", "Neo.Other.General.X", "TransientError.General.X", "22N01", "x Neo.TransientError.General.X"},
		Application: {"Neo.ClientError.Statement.SyntaxError", "Neo.ClientError.Schema.ConstraintValidationFailed", "Neo.ClientError.Security.Forbidden",
			"Neo.ClientError.Transaction.Terminated", "Neo.TransientError.Transaction.Terminated",
			"Neo.ClientError.Transaction.LockClientStopped", "Neo.TransientError.Transaction.LockClientStopped", "Neo.ClientError.Transaction.TransactionTimedOut"},
		Infrastructure: {"Neo.TransientError.General.DatabaseUnavailable", "Neo.TransientError.General.MemoryPoolOutOfMemoryError", "Neo.TransientError.Cluster.ReplicationFailure",
			"Neo.ClientError.Cluster.NotALeader", "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase"},
		SystemFault: {"Neo.DatabaseError.General.UnknownError", "Neo.DatabaseError.Statement.ExecutionFailed", "Neo.ClientError.Security.Unauthorized",
			"Neo.ClientError.Security.AuthenticationRateLimit", "Neo.ClientError.Security.CredentialsExpired", "Neo.ClientError.Security.TokenExpired", "Neo.ClientError.Database.DatabaseNotFound"},
		Throttled: {"Neo.TransientError.Request.NoThreadsAvailable", "Neo.TransientError.Transaction.MaximumTransactionLimitReached", "Neo.TransientError.Transaction.DeadlockDetected",
			"Neo.TransientError.Transaction.LockAcquisitionTimeout", "Neo.ClientError.Security.AuthorizationExpired"},
	})
}

func TestGoogleReasonTable(t *testing.T) {
	wantClasses(t, GoogleReason, map[Class][]string{
		Undecided:      {"", "forbidden", "notFound", "SERVICE_DISABLED", "invalid", "RATELIMITEXCEEDED"},
		Infrastructure: {"backendError", "internalError"},
		Throttled:      {"rateLimitExceeded", "userRateLimitExceeded", "jobRateLimitExceeded", "RATE_LIMIT_EXCEEDED"},
	})
	for _, reason := range []string{"quotaExceeded", "dailyLimitExceeded", "RESOURCE_QUOTA_EXCEEDED"} {
		if got := GoogleReason(reason); got != (Verdict{Class: Throttled, Final: true}) {
			t.Errorf("%s is %+v: a quota that is used up is not there at the next attempt either", reason, got)
		}
	}
}

func TestAzureCodeTable(t *testing.T) {
	wantClasses(t, AzureCode, map[Class][]string{
		Undecided:      {"", "BlobNotFound", "AuthenticationFailed", "serverbusy"},
		Infrastructure: {"OperationTimedOut", "InternalError"},
		Throttled:      {"ServerBusy", "SnapshotOperationRateExceeded"},
	})
}

// No table says anything but a class, and none says a class that no error can have.
func TestTablesSayClassesOnly(t *testing.T) {
	check := func(name string, v Verdict) {
		if v != (Verdict{Class: v.Class}) || v.Class.known() != v.Class || v.Class == Canceled || v.Class == Unknown {
			t.Errorf("%s: %+v", name, v)
		}
	}
	for code := range 70_000 {
		check(fmt.Sprint("HTTP ", code), HTTPStatus(code))
		check(fmt.Sprint("gRPC ", code), GRPCCode(uint32(code)))
		check(fmt.Sprint("SQLSTATE ", code), SQLState(fmt.Sprintf("%05d", code)))
		check(fmt.Sprint("SQL Server ", code), SQLServerError(int32(code)))
	}
}

// Tables of words say nothing of a text that is none of theirs, and never fail.
func FuzzCodesOfWords(f *testing.F) {
	for _, text := range []string{"", "LOADING x", "ERR max number of clients reached", "Neo.TransientError.A.B", "Neo..", "quotaExceeded", "ServerBusy", "aborted", "40001", "SlowDown"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, table := range map[string]func(string) Verdict{
			"Redis": RedisCode, "Twirp": TwirpCode, "Neo4j": Neo4jCode, "Google": GoogleReason, "Azure": AzureCode, "AWS": AWSCode, "SQLSTATE": SQLState,
		} {
			v := table(text)
			if v.After != 0 || v.Unsent || v.Class.known() != v.Class || v.Class == Unknown || v.Class == Canceled {
				t.Errorf("%s: %q is %+v", name, text, v)
			}
			if odd := table("\x00" + text); name != "SQLSTATE" && odd != (Verdict{}) {
				t.Errorf("%s: a text that begins with no code is %+v", name, odd)
			}
		}
	})
}

func TestTablesDoNotAllocate(t *testing.T) {
	var last Verdict
	if n := testing.AllocsPerRun(100, func() {
		for _, v := range []Verdict{
			MySQLError(1213),
			SQLiteCode(517),
			RedisCode("CLUSTERDOWN The cluster is down"),
			RedisCode("WRONGTYPE Operation against a key holding the wrong kind of value"),
			MongoCode(112),
			KafkaCode(89),
			AMQPCode(320),
			CQLCode(0x1001),
			TwirpCode("unavailable"),
			Neo4jCode("Neo.TransientError.Transaction.DeadlockDetected"),
			GoogleReason("RATE_LIMIT_EXCEEDED"),
			AzureCode("ServerBusy"),
			GRPCPushback([]string{"1500"}),
		} {
			last = v
		}
	}); n != 0 {
		t.Errorf("%v allocations; the last verdict is %+v", n, last)
	}
}
