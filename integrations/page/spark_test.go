package resilpage

import "testing"

func TestSpark(t *testing.T) {
	for _, c := range []struct {
		shows string
		line  []Point
		want  spark
	}{
		{"no calls", make([]Point, 4), spark{Label: "no calls in the last five minutes"}},
		{"the same all the time", []Point{{Calls: 5}, {Calls: 5}}, spark{All: "M0 24H0V1H120V24Z", Label: "calls in the last five minutes, 5.0 a second at most"}},
		{"failed ones below refused ones", []Point{{Calls: 4}, {Calls: 4, Failed: 1, Refused: 1}}, spark{
			All: "M0 24H0V1H120V24Z", Refused: "M0 24H60V12.5H120V24Z", Failed: "M0 24H60V18.2H120V24Z",
			Label: "calls in the last five minutes, 4.0 a second at most, some refused, some failed",
		}},
		{"one failure beside a thousand calls", []Point{{Calls: 1000, Failed: 1}, {Calls: 1000}}, spark{
			All: "M0 24H0V1H120V24Z", Failed: "M0 24H0V22.5H60V24H120V24Z",
			Label: "calls in the last five minutes, 1\u202f000 a second at most, some failed",
		}},
	} {
		if got := newSpark(c.line); got != c.want {
			t.Errorf("%s:\n%+v, want\n%+v", c.shows, got, c.want)
		}
	}
}
