package main

import (
	"bytes"
	"runtime"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The service is in this process, so the whole program can run on a fake clock.
func TestReport(t *testing.T) {
	needLinks(t)
	logged(t)
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		err := run(&out)
		t.Logf("%s", &out)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"    Orders: limit rate 10/s → 5/s\n",
			"✓ the rate is still 5/s\n",
			"✓ it is open and probes in about half a minute",
			"    Orders: breaker open 5s → 30s\n",
		} {
			if !bytes.Contains(out.Bytes(), []byte(want)) {
				t.Errorf("the output does not show %q", want)
			}
		}
	})
}

// needLinks skips a test where only some users may make symbolic links.
func needLinks(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a right of their own")
	}
}
