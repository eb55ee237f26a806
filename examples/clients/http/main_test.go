package main

import (
	"bytes"
	"regexp"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReport(t *testing.T) {
	var out bytes.Buffer
	err := run(&out)
	t.Logf("%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`attempt 2 failed, the next in \d+m?s: infrastructure: the response says 503 Service Unavailable\n`,
		`GET, three requests: 503 Service Unavailable\n`,
		`breaker Doer: closed → open\n`,
		`GET, no request, after \d+m?s: Doer\.Do: circuit breaker is open, retry after [\d.]+m?s\n`,
		`breaker Doer: half-open → closed\n`,
		` Do +9 +4 +2 +1 +10 +2 +0 +2\n`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("the output does not match %s", want)
		}
	}
}
