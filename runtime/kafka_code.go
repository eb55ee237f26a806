package resil

// KafkaCode says what an error code of Kafka's protocol means. The codes are those of the
// Kafka 4 protocol guide. Those that may pass are the ones that franz-go 1.22 calls
// retriable (its package kerr), and 51, which it repeats too:
//
//   - THROTTLING_QUOTA_EXCEEDED (89) and SHARE_SESSION_LIMIT_REACHED (133) are Throttled; so
//     is what may be repeated and is no illness of the brokers: topics that they do not know,
//     or not yet, 3, 100 and 103, offsets that are not there yet, 78 and 88, sessions that have
//     to begin again, 70, 71 and 106, an election that is not needed, 84, and transactions that
//     are still ending, 51;
//   - brokers and coordinators that are not available, that have moved or that lack
//     replicas, 2, 5 to 9, 13 to 16, 19, 20, 41, 56, 72, 74, 75, 80 and 83, are
//     Infrastructure;
//   - authentication that failed or is not possible, and a client that may not use the
//     cluster, 31, 33, 34, 54 and 58, are SystemFault;
//   - 0 is Success, and every other positive code is Application;
//   - UNKNOWN_SERVER_ERROR (-1) and other negative codes are Undecided.
func KafkaCode(code int16) Verdict {
	switch code {
	case 0:
		return Verdict{Class: Success}
	case 89, 133, 3, 100, 103, 78, 88, 70, 71, 106, 84, 51:
		return Verdict{Class: Throttled}
	case 2, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 41, 56, 72, 74, 75, 80, 83:
		return Verdict{Class: Infrastructure}
	case 31, 33, 34, 54, 58:
		return Verdict{Class: SystemFault}
	}
	if code < 0 {
		return Verdict{}
	}
	return Verdict{Class: Application}
}
