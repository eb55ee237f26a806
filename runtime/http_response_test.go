package resil

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestHTTPResponse(t *testing.T) {
	const date = "Sun, 06 Nov 1994 08:49:37 GMT"
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		want   Verdict
	}{
		{"no header", 503, nil, Verdict{Class: Infrastructure}},
		{"nothing said", 503, http.Header{"Date": {date}}, Verdict{Class: Infrastructure}},
		{"a success needs no rest", 200, http.Header{"Retry-After": {"5"}}, Verdict{Class: Success}},
		{"nor does a redirection", 301, http.Header{"Retry-After": {"5"}}, Verdict{Class: Success}},
		{"429 with seconds", 429, http.Header{"Retry-After": {"120"}}, Verdict{Class: Throttled, After: 2 * time.Minute}},
		{"503 with seconds", 503, http.Header{"Retry-After": {"120"}}, Verdict{Class: Throttled, After: 2 * time.Minute}},
		{"503 with a time that is now", 503, http.Header{"Retry-After": {"0"}}, Verdict{Class: Throttled}},
		{"504 with seconds", 504, http.Header{"Retry-After": {"2"}}, Verdict{Class: Infrastructure, After: 2 * time.Second}},
		{"500 with seconds", 500, http.Header{"Retry-After": {"2"}}, Verdict{Class: Infrastructure, After: 2 * time.Second}},
		{"an answer keeps its class", 413, http.Header{"Retry-After": {"2"}}, Verdict{Class: Application, After: 2 * time.Second}},
		{"a fraction", 429, http.Header{"Retry-After": {"0.25"}}, Verdict{Class: Throttled, After: 250 * time.Millisecond}},
		{"space around", 429, http.Header{"Retry-After": {" 3\t"}}, Verdict{Class: Throttled, After: 3 * time.Second}},
		{"the first of several", 429, http.Header{"Retry-After": {"3", "9"}}, Verdict{Class: Throttled, After: 3 * time.Second}},
		{"no value", 503, http.Header{"Retry-After": {}}, Verdict{Class: Infrastructure}},

		{"negative", 503, http.Header{"Retry-After": {"-5"}}, Verdict{Class: Infrastructure}},
		{"no number and no date", 503, http.Header{"Retry-After": {"soon"}}, Verdict{Class: Infrastructure}},
		{"infinite", 503, http.Header{"Retry-After": {"Inf"}}, Verdict{Class: Infrastructure}},
		{"an exponent", 503, http.Header{"Retry-After": {"1e3"}}, Verdict{Class: Infrastructure}},
		{"two points", 503, http.Header{"Retry-After": {"1.2.3"}}, Verdict{Class: Infrastructure}},
		{"a point", 503, http.Header{"Retry-After": {"."}}, Verdict{Class: Infrastructure}},
		{"longer than a duration", 429, http.Header{"Retry-After": {"9223372037"}}, Verdict{Class: Throttled, After: math.MaxInt64}},
		{"one unit longer than a duration", 429, http.Header{"Retry-After": {"9223372036.854775808"}}, Verdict{Class: Throttled, After: math.MaxInt64}},
		{"longer than any number", 429, http.Header{"Retry-After": {strings.Repeat("9", 400)}}, Verdict{Class: Throttled, After: math.MaxInt64}},

		{"a date", 503, http.Header{"Date": {date}, "Retry-After": {"Sun, 06 Nov 1994 08:50:07 GMT"}}, Verdict{Class: Throttled, After: 30 * time.Second}},
		{"a date of RFC 850", 503, http.Header{"Date": {date}, "Retry-After": {"Sunday, 06-Nov-94 08:50:07 GMT"}}, Verdict{Class: Throttled, After: 30 * time.Second}},
		{"a date of asctime", 503, http.Header{"Date": {date}, "Retry-After": {"Sun Nov  6 08:50:07 1994"}}, Verdict{Class: Throttled, After: 30 * time.Second}},
		{"a date that has passed", 503, http.Header{"Date": {date}, "Retry-After": {"Sun, 06 Nov 1994 08:49:00 GMT"}}, Verdict{Class: Throttled}},
		{"a date far away", 429, http.Header{"Date": {date}, "Retry-After": {"Sun, 06 Nov 9994 08:49:37 GMT"}}, Verdict{Class: Throttled, After: math.MaxInt64}},

		{"milliseconds", 429, http.Header{"Retry-After-Ms": {"1500"}, "Retry-After": {"2"}}, Verdict{Class: Throttled, After: 1500 * time.Millisecond}},
		{"milliseconds of Azure", 503, http.Header{"X-Ms-Retry-After-Ms": {"1500"}}, Verdict{Class: Throttled, After: 1500 * time.Millisecond}},
		{"milliseconds of AWS", 503, http.Header{"X-Amz-Retry-After": {"1500"}}, Verdict{Class: Throttled, After: 1500 * time.Millisecond}},
		{"milliseconds that cannot be read", 429, http.Header{"Retry-After-Ms": {"x"}, "Retry-After": {"2"}}, Verdict{Class: Throttled, After: 2 * time.Second}},

		{"names in lower case", 503, http.Header{"date": {date}, "retry-after": {"Sun, 06 Nov 1994 08:50:07 GMT"}}, Verdict{Class: Throttled, After: 30 * time.Second}},
		{"names in other cases", 429, http.Header{"X-RateLimit-Remaining": {"0"}, "x-ratelimit-RESET": {"7"}}, Verdict{Class: Throttled, After: 7 * time.Second}},

		{"a limit that is used up, seconds", 429, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"60"}}, Verdict{Class: Throttled, After: time.Minute}},
		{"up to a thousand million it is seconds", 429, http.Header{"Date": {date}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"784111837"}}, Verdict{Class: Throttled, After: 784111837 * time.Second}},
		{"a limit with something left", 429, http.Header{"X-Ratelimit-Remaining": {"1"}, "X-Ratelimit-Reset": {"60"}}, Verdict{Class: Throttled}},
		{"a limit of which nothing is known", 429, http.Header{"X-Ratelimit-Reset": {"60"}}, Verdict{Class: Throttled}},
		{"no time of the limit", 429, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1m"}}, Verdict{Class: Throttled}},
		{"Retry-After goes before the limit", 429, http.Header{"Retry-After": {"1"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"60"}}, Verdict{Class: Throttled, After: time.Second}},
		{"a limit does not explain a 503", 503, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"60"}}, Verdict{Class: Infrastructure, After: time.Minute}},
	} {
		if tt.want.Class != Success {
			tt.want.Status = tt.status
		}
		if got := HTTPResponse(tt.status, tt.header); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// A date means what is left until it by the clock of who wrote it, however wrong that is.
func TestHTTPResponseComparesDatesByTheServersClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		server := time.Unix(rapid.Int64Range(1_000_000_001, 3_000_000_000).Draw(t, "server"), 0).UTC()
		wait := time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(t, "wait")) * time.Second
		until := server.Add(wait)
		want := max(wait, 0)
		layout := rapid.SampledFrom([]string{http.TimeFormat, time.RFC850, time.ANSIC}).Draw(t, "layout")
		header := http.Header{}
		header.Set("Date", server.Format(http.TimeFormat))
		header.Set("Retry-After", until.Format(layout))
		if until.Year() < 2069 || layout != time.RFC850 { // years of two digits end there
			if got := HTTPResponse(429, header); got.After != want {
				t.Errorf("Retry-After: %v, want %v", got.After, want)
			}
		}
		if until.Unix() > 1e9 {
			header.Del("Retry-After")
			header.Set("X-RateLimit-Remaining", "0")
			for unit, reset := range map[string]int64{"seconds": until.Unix(), "milliseconds": until.UnixMilli()} {
				header.Set("X-RateLimit-Reset", strconv.FormatInt(reset, 10))
				if got := HTTPResponse(429, header); got.After != want {
					t.Errorf("X-RateLimit-Reset in %s: %v, want %v", unit, got.After, want)
				}
			}
		}
	})
}

// Without the response's own date the local clock has to do.
func TestHTTPResponseWithoutDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(5 * 365 * 24 * time.Hour) // the bubble begins in 2000, before the second 10⁹
		until := time.Now().Add(42 * time.Second).UTC()
		for name, header := range map[string]http.Header{
			"no Date":                 {"Retry-After": {until.Format(http.TimeFormat)}},
			"a Date that is no date":  {"Retry-After": {until.Format(http.TimeFormat)}, "Date": {"today"}},
			"a limit, seconds of now": {"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(until.Unix(), 10)}},
		} {
			if got := HTTPResponse(429, header); got.After != 42*time.Second {
				t.Errorf("%s: %v", name, got.After)
			}
		}
	})
}

func TestHTTPResponseDoesNotAllocate(t *testing.T) {
	for name, header := range map[string]http.Header{
		"seconds": {"Date": {"Sun, 06 Nov 1994 08:49:37 GMT"}, "Retry-After": {"120"}, "Content-Type": {"text/plain"}},
		"a date":  {"Date": {"Sun, 06 Nov 1994 08:49:37 GMT"}, "Retry-After": {"Sun, 06 Nov 1994 08:50:07 GMT"}},
		"nothing": {"Content-Type": {"text/plain"}},
	} {
		if n := testing.AllocsPerRun(100, func() { HTTPResponse(503, header) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Whatever a header holds, the hint is no less than nothing, and the class is that of the
// status or, for a 503, a request for fewer calls.
func FuzzHTTPResponse(f *testing.F) {
	f.Add(503, "120", "", "Sun, 06 Nov 1994 08:49:37 GMT", "0", "1792152901")
	f.Add(429, "Sun, 06 Nov 1994 08:49:37 GMT", "1500", "", "", "")
	f.Add(503, "-1", "1e9", "x", "0.0", "9999999999999999999999")
	f.Fuzz(func(t *testing.T, status int, after, ms, date, remaining, reset string) {
		header := http.Header{"Retry-After": {after}, "retry-after-ms": {ms}, "Date": {date}, "X-RateLimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}}
		v, plain := HTTPResponse(status, header), HTTPStatus(status)
		if v.After < 0 || v.Unsent || v.Final || plain.Class == Success && v != plain || plain.Class != Success && v.Status != status {
			t.Errorf("%d %q: %+v", status, header, v)
		}
		if v.Class != plain.Class && (status != 503 || v.Class != Throttled) {
			t.Errorf("%d %q: %+v, want the class %v", status, header, v, plain.Class)
		}
	})
}
