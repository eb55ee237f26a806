package sdk

// An http.Client returns no error for an answer with a status like 503: the response
// says it.
var httpLibrary = &Library{
	Name:  "http",
	Ident: "HTTP",
	Title: "net/http",
	Shown: []string{"net/http"},
	Glue: `
import (
	"errors"
	"net/http"

	resil "github.com/resilgen/resilgen/runtime"
)

// classifyResponse classifies responses by their status and their header. An error beside
// a good status came later, such as one of reading the body.
func classifyResponse(resp *http.Response, err error) resil.Verdict {
	if resp == nil || err != nil && resp.StatusCode < 400 {
		return resil.Verdict{}
	}
	return resil.HTTPResponse(resp.StatusCode, resp.Header)
}

// classify classifies errors that tell the status of a response by a method StatusCode or
// HTTPStatusCode.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err); ok {
		return resil.HTTPStatus(e.StatusCode())
	}
	if e, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err); ok {
		return resil.HTTPStatus(e.HTTPStatusCode())
	}
	return resil.Verdict{}
}
`,
	ResultsSay: true,
	Notes: []string{
		"A response is a success or a failure by its status, whatever its body says.",
		"Where a method returns no response, its error tells the status by a method StatusCode() int, and how long to wait by RetryAfter() time.Duration.",
		"net/http repeats a request by itself only where a connection that had been kept open turns out to be closed.",
		"A breaker of one http.Client covers all hosts that it calls, unless per= tells them apart.",
	},
}
