package resil

// GoogleReason says what the reason of an error of a Google API means: of an item of
// googleapi.Error, or of an ErrorInfo, whose reasons are google.api.ErrorReason. It is for
// errors whose status does not tell, such as a limit that comes as 403:
//
//   - limits of a rate, rateLimitExceeded, userRateLimitExceeded, jobRateLimitExceeded and
//     RATE_LIMIT_EXCEEDED, are Throttled;
//   - quotas that are used up, quotaExceeded, dailyLimitExceeded and
//     RESOURCE_QUOTA_EXCEEDED, are Throttled and Final: no repetition of this call finds more
//     of them;
//   - backendError and internalError, which the BigQuery client 1.86 repeats, are
//     Infrastructure;
//   - every other reason is Undecided: the status tells more. Ask for the reason first, and
//     complete it by the status: see [Verdict.Or].
func GoogleReason(reason string) Verdict {
	switch reason {
	case "rateLimitExceeded", "userRateLimitExceeded", "jobRateLimitExceeded", "RATE_LIMIT_EXCEEDED":
		return Verdict{Class: Throttled}
	case "quotaExceeded", "dailyLimitExceeded", "RESOURCE_QUOTA_EXCEEDED":
		return Verdict{Class: Throttled, Final: true}
	case "backendError", "internalError":
		return Verdict{Class: Infrastructure}
	}
	return Verdict{}
}
