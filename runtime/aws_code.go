package resil

// AWSCode says what an error code of an AWS service means. The codes are those that
// aws-sdk-go-v2 repeats (DefaultThrottleErrorCodes and DefaultRetryableErrorCodes of
// its package aws/retry): Throttled and Infrastructure. Every other code is Undecided:
// the response's status tells more. Ask for the code first, since SlowDown comes with
// the status 503 and ThrottlingException with 400.
func AWSCode(code string) Verdict {
	switch code {
	case "BandwidthLimitExceeded",
		"EC2ThrottledException",
		"LimitExceededException",
		"PriorRequestNotComplete",
		"ProvisionedThroughputExceededException",
		"RequestLimitExceeded",
		"RequestThrottled",
		"RequestThrottledException",
		"SlowDown",
		"ThrottledException",
		"Throttling",
		"ThrottlingException",
		"TooManyRequestsException",
		"TransactionInProgressException":
		return Verdict{Class: Throttled}
	case "RequestTimeout", "RequestTimeoutException":
		return Verdict{Class: Infrastructure}
	}
	return Verdict{}
}
