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
		`GetObject farewell: .* NoSuchKey: `,
		`attempt 2 failed, the next in \d+m?s: throttled: .* SlowDown: `,
		`attempt 2 failed, the next in \d+m?s: infrastructure: .* InternalError: `,
		`breaker Objects: closed → open\n`,
		`PutObject greeting, after \d+m?s: Objects\.PutObject: circuit breaker is open, retry after [\d.]+m?s\n`,
		`breaker Objects: half-open → closed\n`,
		` GetObject +6 +3 +1 +1 +11 +5 +1 +1\n`,
		` PutObject +3 +2 +0 +0 +2 +0 +0 +1\n`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("the output does not match %s", want)
		}
	}
}
