package resilpage

import (
	"fmt"
	"strings"
	"time"
)

// duration is a span of time in words, of two units at most: "90 s", "3 min 20 s", "2 h".
func duration(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	}
	d = d.Round(time.Second)
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	var parts []string
	for i, u := range units {
		n := d / u.size
		d -= n * u.size
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.name))
		}
		if len(parts) > 0 && (len(parts) == 2 || i > 0 && n == 0) {
			break
		}
	}
	return strings.Join(parts, " ")
}

// more says how long something still takes.
func more(d time.Duration) string { return duration(max(d, time.Second)) + " more" }

// number writes n with a mark between thousands.
func number(n uint64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// count is n of a thing.
func count[N int | uint64 | uint32](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "ry"); ok {
		return number(uint64(n)) + " " + stem + "ries"
	}
	if strings.HasSuffix(thing, "s") {
		thing += "e"
	}
	return number(uint64(n)) + " " + thing + "s"
}

// percent is the share of part in whole.
func percent(part, whole uint64) string {
	switch {
	case whole == 0 || part == 0:
		return "0 %"
	case part == whole:
		return "100 %"
	}
	share := float64(part) / float64(whole) * 100
	switch {
	case share < 0.1:
		return "< 0.1 %"
	case share < 10:
		return fmt.Sprintf("%.1f %%", share)
	}
	return fmt.Sprintf("%d %%", min(int(share+0.5), 99))
}

// few lists names, three at most.
func few(names []string) string {
	if len(names) > 4 {
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" and %d more", len(names)-3)
	}
	if len(names) > 1 {
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	}
	return strings.Join(names, "")
}

// clock is a time of day, with its zone: that of logs, and not the reader's.
func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// sentence joins parts that are there.
func sentence(sep string, parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, sep)
}
