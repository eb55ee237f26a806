package resil

import (
	"fmt"
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
