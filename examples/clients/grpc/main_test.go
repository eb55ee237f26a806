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
		`attempt 2 failed, the next in \d+m?s: infrastructure: rpc error: code = Unavailable `,
		`Check nobody: .* code = NotFound `,
		`breaker Health: closed → open\n`,
		`List, after \d+m?s: Health\.List: circuit breaker is open, retry after [\d.]+m?s\n`,
		`breaker Health: half-open → closed\n`,
		` Check +5 +2 +1 +1 +8 +3 +0 +1\n`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("the output does not match %s", want)
		}
	}
}
