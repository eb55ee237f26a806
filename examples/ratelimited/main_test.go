package main

import (
	"bytes"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The geocoder is in this process, so the whole program can run on a fake clock.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		err := run(&out)
		t.Logf("%s", &out)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"refused: Geocoder.Locate: client-side rate limit reached, retry after 1s\n",
			"answered: 15, refused: 0, after 700ms in all\n",
			"pauses: [20ms 40ms 80ms]\n",
			"calls: 4: Geocoder.Distance: all attempts failed (4 attempts made): the geocoder is failing\n",
			"Geocoder.Distance: circuit breaker is open, retry after ",
		} {
			if !bytes.Contains(out.Bytes(), []byte(want)) {
				t.Errorf("the output does not show %q", want)
			}
		}
	})
}
