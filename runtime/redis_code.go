package resil

import "strings"

// RedisCode says what an error of a Redis server means, or of one that speaks its
// protocol. It takes the text as the server sent it, and reads no more of it than the
// code in front, such as LOADING; only "ERR max number of clients reached" has none of
// its own. Those that may pass are the ones that go-redis 9.23 repeats:
//
//   - LOADING, READONLY, MASTERDOWN, CLUSTERDOWN, NOREPLICAS and TRYAGAIN are
//     Infrastructure; so is BUSY, a server that is held up by a script;
//   - "ERR max number of clients reached" is Throttled;
//   - NOAUTH and WRONGPASS are SystemFault; so are OOM and MISCONF, a server that takes no
//     writes until somebody gives it memory or repairs its disk;
//   - every other code is Application;
//   - a text without a code in front, in capitals, is Undecided.
func RedisCode(message string) Verdict {
	code, _, _ := strings.Cut(message, " ")
	switch code {
	case "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS", "TRYAGAIN", "BUSY":
		return Verdict{Class: Infrastructure}
	case "NOAUTH", "WRONGPASS", "OOM", "MISCONF":
		return Verdict{Class: SystemFault}
	}
	if strings.HasPrefix(message, "ERR max number of clients reached") {
		return Verdict{Class: Throttled}
	}
	if code == "" || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return Verdict{}
	}
	return Verdict{Class: Application}
}
