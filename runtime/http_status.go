package resil

// HTTPStatus says what the status of an HTTP response means. The classes of statuses
// are RFC 9110's, so that one which is not listed means what the first of its hundred
// does; which of them may pass is what the clients of AWS, Azure and Google repeat:
//
//   - below 400 is Success;
//   - 429 is Throttled;
//   - 408, 425 and 5xx are Infrastructure, but for 501 and 505, which are definite
//     answers, and 511, a network that wants a login, which is SystemFault;
//   - all other 4xx are Application: 401 and 403 of one caller say nothing about the
//     callee's health;
//   - what is no status, below 100 or above 599, is Infrastructure.
//
// A 503 with a Retry-After is a request for fewer calls: give it the class Throttled
// and the time in Verdict.After. [HTTPResponse] does that, and tells messages the status.
func HTTPStatus(code int) Verdict {
	switch {
	case code < 100, code > 599:
		return Verdict{Class: Infrastructure}
	case code < 400:
		return Verdict{Class: Success}
	}
	switch code {
	case 429: // Too Many Requests
		return Verdict{Class: Throttled}
	case 511: // Network Authentication Required
		return Verdict{Class: SystemFault}
	case 501, 505: // Not Implemented, HTTP Version Not Supported
		return Verdict{Class: Application}
	case 408, 425: // Request Timeout, Too Early
		return Verdict{Class: Infrastructure}
	}
	if code < 500 {
		return Verdict{Class: Application}
	}
	return Verdict{Class: Infrastructure}
}
