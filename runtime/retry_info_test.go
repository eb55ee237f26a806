package resil_test

import (
	"math"
	"testing"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestRetryInfoReadsTheDelay(t *testing.T) {
	const url = "type.googleapis.com/google.rpc.RetryInfo"
	for _, c := range []struct {
		name, url, value string
		want             time.Duration
	}{
		{"two seconds", url, "\x0a\x02\x08\x02", 2 * time.Second},
		{"seconds and nanoseconds", url, "\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01", time.Second + 500*time.Millisecond},
		{"another prefix of the type", "example.com/google.rpc.RetryInfo", "\x0a\x02\x08\x02", 2 * time.Second},
		{"no prefix of the type", "google.rpc.RetryInfo", "\x0a\x02\x08\x02", 2 * time.Second},
		{"another type", "type.googleapis.com/google.rpc.ErrorInfo", "\x0a\x02\x08\x02", 0},
		{"a type with a longer name", "type.googleapis.com/xgoogle.rpc.RetryInfo", "\x0a\x02\x08\x02", 0},
		{"no delay", url, "", 0},
		{"a delay of nothing", url, "\x0a\x00", 0},
		{"unknown fields of all kinds", url, "\x18\x07\x21abcdefgh\x2dabcd\x32\x01x\x0a\x02\x08\x02", 2 * time.Second},
		{"a delay in two parts", url, "\x0a\x02\x08\x02\x0a\x02\x10\x05", 2*time.Second + 5},
		{"negative", url, "\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0},
		{"longer than a duration", url, "\x0a\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f", math.MaxInt64},
		{"cut", url, "\x0a\x05\x08\x02", 0},
		{"cut in a number", url, "\x0a\x02\x08\x80", 0},
		{"a kind that does not exist", url, "\x0f", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := resil.RetryInfo(c.url, []byte(c.value)); got != c.want {
				t.Errorf("RetryInfo is %v, want %v", got, c.want)
			}
		})
	}
}

func FuzzRetryInfo(f *testing.F) {
	f.Add([]byte("\x0a\x02\x08\x02"))
	f.Add([]byte("\x18\x07\x21abcdefgh\x2dabcd\x32\x01x"))
	f.Fuzz(func(t *testing.T, value []byte) {
		if d := resil.RetryInfo("google.rpc.RetryInfo", value); d < 0 {
			t.Errorf("RetryInfo of %q is negative: %v", value, d)
		}
	})
}
