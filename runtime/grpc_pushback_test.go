package resil

import (
	"math"
	"strconv"
	"testing"
	"time"
)

func TestGRPCPushback(t *testing.T) {
	longest := math.MaxInt64 / int64(time.Millisecond)
	for _, tt := range []struct {
		name   string
		values []string
		want   Verdict
	}{
		{"no trailer", nil, Verdict{}},
		{"an empty trailer", []string{}, Verdict{}},
		{"a time", []string{"1500"}, Verdict{After: 1500 * time.Millisecond}},
		{"now", []string{"0"}, Verdict{}},
		{"negative", []string{"-1"}, Verdict{Final: true}},
		{"no number", []string{"soon"}, Verdict{Final: true}},
		{"nothing", []string{""}, Verdict{Final: true}},
		{"a fraction", []string{"1.5"}, Verdict{Final: true}},
		{"more than 64 bits", []string{"9223372036854775808"}, Verdict{Final: true}},
		{"two values", []string{"10", "10"}, Verdict{Final: true}},
		{"the longest time", []string{strconv.FormatInt(longest, 10)}, Verdict{After: time.Duration(longest) * time.Millisecond}},
		{"a longer one", []string{strconv.FormatInt(math.MaxInt64, 10)}, Verdict{After: time.Duration(longest) * time.Millisecond}},
	} {
		if got := GRPCPushback(tt.values); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// Whatever the trailer holds, it says how long to wait, or that there is no next time, or
// nothing.
func FuzzGRPCPushback(f *testing.F) {
	for _, value := range []string{"", "0", "-0", "+5", "1500", "-1", "1e3", "9223372036854775807", "9223372036854775808"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		v := GRPCPushback([]string{value})
		if v.Class != Undecided || v.After < 0 || v.Unsent || v.Final && v.After > 0 {
			t.Errorf("%q is %+v", value, v)
		}
		ms, err := strconv.ParseInt(value, 10, 64)
		if wait := err == nil && ms >= 0; wait == v.Final {
			t.Errorf("%q is %+v", value, v)
		}
		if two := GRPCPushback([]string{value, value}); two != (Verdict{Final: true}) {
			t.Errorf("%q twice is %+v", value, two)
		}
	})
}
