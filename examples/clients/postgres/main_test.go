package main

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReport(t *testing.T) {
	var out bytes.Buffer
	err := run(&out)
	t.Logf("%s", &out)
	switch {
	case errors.Is(err, errNotInstalled) && os.Getenv("CI") != "true":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	for _, want := range []string{
		`INSERT first: .* \(SQLSTATE 23505\)\n`,
		`attempt 2 failed, the next in \d+m?s: infrastructure: .* connection refused\n`,
		`DB\.QueryRow: all attempts failed \(3 attempts made\): `,
		`breaker DB: closed → open\n`,
		`INSERT third, after \d+m?s: DB\.Exec: circuit breaker is open, retry after [\d.]+m?s\n`,
		`breaker DB: half-open → closed\n`,
		`no payment was made twice: 2 payments\n`,
		` QueryRow +4 +2 +1 +1 +6 +2 +0 +0\n`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("the output does not match %s", want)
		}
	}
}
