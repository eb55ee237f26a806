package resil

import "strconv"

// failure is the error that stands for one that the callee did not return, where v says
// that its result failed: in events, in stats, as cause of a fallback.
func (v Verdict) failure() error {
	if v.Status != 0 {
		return failedStatus(v.Status)
	}
	return ErrResult
}

// A failedStatus is an [ErrResult] that tells the status of the HTTP response.
type failedStatus int

func (s failedStatus) Error() string {
	text := "the response says " + strconv.Itoa(int(s))
	if reason := reasonPhrases[s]; reason != "" {
		text += " " + reason
	}
	return text
}

func (s failedStatus) Is(target error) bool { return target == ErrResult }

// HTTPStatusCode is how [Network] finds the status.
func (s failedStatus) HTTPStatusCode() int { return int(s) }

// reasonPhrases are those of IANA's registry of HTTP status codes, of 400 and above, where
// programs have use for them.
var reasonPhrases = map[failedStatus]string{
	400: "Bad Request",
	401: "Unauthorized",
	402: "Payment Required",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	406: "Not Acceptable",
	407: "Proxy Authentication Required",
	408: "Request Timeout",
	409: "Conflict",
	410: "Gone",
	411: "Length Required",
	412: "Precondition Failed",
	413: "Content Too Large",
	414: "URI Too Long",
	415: "Unsupported Media Type",
	416: "Range Not Satisfiable",
	417: "Expectation Failed",
	421: "Misdirected Request",
	422: "Unprocessable Content",
	423: "Locked",
	424: "Failed Dependency",
	425: "Too Early",
	426: "Upgrade Required",
	428: "Precondition Required",
	429: "Too Many Requests",
	431: "Request Header Fields Too Large",
	451: "Unavailable For Legal Reasons",
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
	506: "Variant Also Negotiates",
	507: "Insufficient Storage",
	508: "Loop Detected",
	511: "Network Authentication Required",
}
