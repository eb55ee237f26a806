package resil

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// HTTPResponse says what the status and the header of an HTTP response mean: the class of
// [HTTPStatus], and in Verdict.After how long the callee asks to be left alone. An
// http.Header can be passed as it is, also a nil one; names are found in any case.
//
// The first of these that can be read counts:
//
//   - Retry-After-Ms and X-Ms-Retry-After-Ms, milliseconds, as Azure's clients read them, and
//     X-Amz-Retry-After, milliseconds too, as the clients of AWS do;
//   - Retry-After, seconds or a date in one of HTTP's three formats (RFC 9110, sections
//     10.2.3 and 5.6.7). Dates are compared with the response's own Date, so that clocks that
//     differ do no harm; only a response without one is compared with the local clock;
//   - X-RateLimit-Reset where X-RateLimit-Remaining is 0: above 10⁹ it is a time in seconds
//     since 1970, from 10¹² on in milliseconds, and below it is seconds from now.
//
// Numbers may have a fraction. A date that has passed is no hint; neither is a negative number
// or any other text. What is too long for a time.Duration is the longest one.
//
// A 503 that says when to come back, by one of the first three, is Throttled, also if that is
// now. A response that is Success has no hint.
//
// Verdict.Status is the status of a response that is not Success. Where a result classifier
// returns the verdict, and the callee returned no error, events and stats have one in its place
// that says so, as in "the response says 503 Service Unavailable".
func HTTPResponse(status int, header map[string][]string) Verdict {
	v := HTTPStatus(status)
	if v.Class == Success {
		return v
	}
	v.Status = status
	if len(header) == 0 {
		return v
	}
	after, told := whenToReturn(header)
	switch {
	case !told:
		after = rateLimitReset(header)
	case status == 503:
		v.Class = Throttled
	}
	v.After = after
	return v
}

// whenToReturn reads the headers that say when to come back.
func whenToReturn(header map[string][]string) (after time.Duration, told bool) {
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms", "X-Amz-Retry-After"} {
		if ms, ok := decimal(headerValue(header, name)); ok {
			return saturated(ms, time.Millisecond), true
		}
	}
	text := headerValue(header, "Retry-After")
	if seconds, ok := decimal(text); ok {
		return saturated(seconds, time.Second), true
	}
	if date, ok := httpDate(text); ok {
		return max(date.Sub(answered(header)), 0), true
	}
	return 0, false
}

// rateLimitReset returns how long it is until a limit that is used up begins again.
func rateLimitReset(header map[string][]string) time.Duration {
	if remaining, ok := decimal(headerValue(header, "X-Ratelimit-Remaining")); !ok || remaining != 0 {
		return 0
	}
	reset, ok := decimal(headerValue(header, "X-Ratelimit-Reset"))
	if !ok {
		return 0
	}
	if reset >= 1e12 {
		reset /= 1000
	}
	if reset > 1e9 {
		now := answered(header)
		reset -= float64(now.Unix()) + float64(now.Nanosecond())/1e9
	}
	return saturated(reset, time.Second)
}

// answered returns when a response was made, by the clock of who made it.
func answered(header map[string][]string) time.Time {
	if date, ok := httpDate(headerValue(header, "Date")); ok {
		return date
	}
	return time.Now()
}

// headerValue returns the first value of a header. The name is in its canonical form.
func headerValue(header map[string][]string, name string) string {
	values := header[name]
	if len(values) == 0 {
		for key, v := range header {
			if len(v) > 0 && strings.EqualFold(key, name) {
				values = v
				break
			}
		}
	}
	if len(values) == 0 {
		return ""
	}
	return strings.TrimSpace(values[0])
}

// decimal reads digits with at most one point among them.
func decimal(text string) (n float64, ok bool) {
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil || math.IsInf(n, 1)
}

// saturated returns n units, rounded up, but at least nothing and at most the longest
// duration.
func saturated(n float64, unit time.Duration) time.Duration {
	d := max(math.Ceil(n*float64(unit)), 0)
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(d)
}

// httpDate reads a date in the format of HTTP or in one of the two older ones.
func httpDate(text string) (date time.Time, ok bool) {
	if text == "" {
		return time.Time{}, false
	}
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} {
		if date, err := time.Parse(layout, text); err == nil {
			return date, true
		}
	}
	return time.Time{}, false
}
