package resil

import (
	"encoding"
	"fmt"
	"testing"
	"time"
)

func TestRatioReads(t *testing.T) {
	for text, want := range map[string]Ratio{
		"50%": 50 * Percent, "0.4%": 4000, "0%": 0, "100%": hundredPercent, "33.3333%": 333333, "0.0001%": PPM, "-5%": -5 * Percent,
	} {
		var r Ratio
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want {
			t.Errorf("%s: %d, %v; want %d", text, r, err, want)
		}
		if r.String() != text {
			t.Errorf("%s prints as %s", text, r)
		}
	}
	for _, text := range []string{"", "%", "50", "0.5", "NaN%", "Inf%", "1e300%", "0.00001%", "5 %", "50%%"} {
		var r Ratio
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %s", text, r)
		}
	}
}

func TestRatioComparesWithoutRounding(t *testing.T) {
	for _, tt := range []struct {
		ratio       string
		part, total uint64
		want        bool
	}{
		{"50%", 99, 200, false}, {"50%", 100, 200, true},
		{"0.4%", 3, 1000, false}, {"0.4%", 4, 1000, true},
		{"33.3333%", 1, 3, true}, {"33.3334%", 1, 3, false},
		{"100%", 9, 10, false}, {"100%", 10, 10, true},
	} {
		var r Ratio
		if err := r.UnmarshalText([]byte(tt.ratio)); err != nil {
			t.Fatal(err)
		}
		if got := r.of(tt.part, tt.total); got != tt.want {
			t.Errorf("%d of %d is %s: %t", tt.part, tt.total, tt.ratio, got)
		}
	}
}

func TestRateReads(t *testing.T) {
	for text, want := range map[string]struct {
		rate  Rate
		print string
	}{
		"100/s":   {Rate{100, time.Second}, "100/s"},
		"10/60s":  {Rate{10, time.Minute}, "10/m"},
		"1000/m":  {Rate{1000, time.Minute}, "1000/m"},
		"5/h":     {Rate{5, time.Hour}, "5/h"},
		"7/90s":   {Rate{7, 90 * time.Second}, "7/1m30s"},
		"7/2h":    {Rate{7, 2 * time.Hour}, "7/2h"},
		"1/.5s":   {Rate{1, 500 * time.Millisecond}, "1/500ms"},
		"1/ms":    {Rate{1, time.Millisecond}, "1/1ms"},
		"2/5m":    {Rate{2, 5 * time.Minute}, "2/5m"},
		"1/1h30m": {Rate{1, 90 * time.Minute}, "1/1h30m"},
	} {
		var r Rate
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want.rate {
			t.Errorf("%s: %v, %v; want %v", text, r, err, want.rate)
		}
		if r.String() != want.print {
			t.Errorf("%s prints as %s, want %s", text, r, want.print)
		}
		var again Rate
		if err := again.UnmarshalText([]byte(r.String())); err != nil || again != r {
			t.Errorf("%s does not read back: %v, %v", r, again, err)
		}
	}
	for _, text := range []string{"", "5", "/", "5/", "/s", "0/s", "-1/s", "5/0s", "5/-1s", "1.5/s", "5/day", "5/s/s", "2/ns", "99999999999999999999/s"} {
		var r Rate
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %s", text, r)
		}
	}
}

func TestNamedValuesReadBack(t *testing.T) {
	check := func(v fmt.Stringer, into encoding.TextUnmarshaler, value func() fmt.Stringer) {
		t.Helper()
		if err := into.UnmarshalText([]byte(v.String())); err != nil || value() != v {
			t.Errorf("%s reads back as %s, %v", v, value(), err)
		}
	}
	for _, v := range []Backoff{BackoffConstant, BackoffLinear, BackoffExponential, BackoffFibonacci} {
		var got Backoff
		check(v, &got, func() fmt.Stringer { return got })
	}
	for _, v := range []Jitter{JitterNone, JitterFull, JitterEqual, JitterDecorrelated, Jitter(PPM), Jitter(20 * Percent), Jitter(hundredPercent)} {
		var got Jitter
		check(v, &got, func() fmt.Stringer { return got })
	}
	for _, v := range []Class{Application, Infrastructure, SystemFault, Throttled, Unknown, NothingSent} {
		var got Class
		check(v, &got, func() fmt.Stringer { return got })
	}
	for _, v := range []Class{Undecided, Success, Canceled} {
		var got Class
		if got.UnmarshalText([]byte(v.String())) == nil {
			t.Errorf("%s can be retried, it seems", v)
		}
	}
}

func TestValuesOutOfTheirNamesStillPrint(t *testing.T) {
	if got := fmt.Sprint(Backoff(9), Class(200), Jitter(-9)); got != "9 200 9" {
		t.Errorf("got %s", got)
	}
}
