package resilpage

import "testing"

func TestSpark(t *testing.T) {
	for _, c := range []struct {
		shows string
		known int
		line  []Point
		want  spark
	}{
		{"nothing before the first sample", 0, make([]Point, 4), spark{Label: "nothing is counted yet"}},
		{"no calls", 4, make([]Point, 4), spark{From: "20 s ago", Label: "no calls in the last 20 s"}},
		{"the same all the time", 2, []Point{{Calls: 5}, {Calls: 5}}, spark{
			From: "10 s ago", Top: "5.0", All: "M0 24H0V1H120V24Z", Label: "calls in the last 10 s, 5.0 a second at most",
		}},
		{"only what is known", 1, []Point{{}, {Calls: 5}}, spark{
			From: "5 s ago", Top: "5.0", All: "M0 24H0V1H120V24Z", Label: "calls in the last 5 s, 5.0 a second at most",
		}},
		{"failed ones below those that were not sent", 2, []Point{{Calls: 4}, {Calls: 4, Failed: 1, Refused: 1}}, spark{
			From: "10 s ago", Top: "4.0",
			All: "M0 24H0V1H120V24Z", Refused: "M0 24H60V12.5H120V24Z", Failed: "M0 24H60V18.2H120V24Z",
			RefusedAt: "M60 26H120V30H60Z", FailedAt: "M60 26H120V30H60Z",
			Label: "calls in the last 10 s, 4.0 a second at most, some not sent, some failed",
		}},
		{"one failure beside a thousand calls", 2, []Point{{Calls: 1000, Failed: 1}, {Calls: 1000}}, spark{
			From: "10 s ago", Top: "1,000",
			All: "M0 24H0V1H120V24Z", Failed: "M0 24H0V22.5H60V24H120V24Z", FailedAt: "M0 26H60V30H0Z",
			Label: "calls in the last 10 s, 1,000 a second at most, some failed",
		}},
	} {
		if got := newSpark(Recent{Line: c.line, Known: c.known}); got != c.want {
			t.Errorf("%s:\n%+v, want\n%+v", c.shows, got, c.want)
		}
	}
}
