package resil

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Ratio is a share in parts per million, so that comparing counts with it needs no
// rounding. Write it as a multiple of [Percent], as in
// 50 * resil.Percent; its text form is "50%".
type Ratio int64

const (
	PPM            Ratio = 1            // one part in a million
	Percent              = 10_000 * PPM // one part in a hundred
	hundredPercent       = 100 * Percent
)

// of reports whether part is at least r of total.
func (r Ratio) of(part, total uint64) bool {
	return part*uint64(hundredPercent) >= uint64(r)*total
}

func (r Ratio) String() string {
	return strconv.FormatFloat(float64(r)/float64(Percent), 'f', -1, 64) + "%"
}

// UnmarshalText reads a percentage such as 50% or 0.4%.
func (r *Ratio) UnmarshalText(text []byte) error {
	digits, ok := strings.CutSuffix(string(text), "%")
	f, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || math.IsNaN(f) || math.Abs(f) > 1e6 {
		return fmt.Errorf("write a percentage such as 20%%")
	}
	ppm := math.Round(f * float64(Percent))
	if math.Abs(f*float64(Percent)-ppm) > 1e-6 {
		return fmt.Errorf("write a percentage of four decimals at most")
	}
	*r = Ratio(ppm)
	return nil
}

// A Rate is a number of calls in a span of time. Its text form is 100/s,
// 10/60s or 1000/m.
type Rate struct {
	Count int           // calls, 1 or more
	Per   time.Duration // the span of time, above 0
}

func (r Rate) String() string {
	switch r.Per {
	case time.Second:
		return fmt.Sprintf("%d/s", r.Count)
	case time.Minute:
		return fmt.Sprintf("%d/m", r.Count)
	case time.Hour:
		return fmt.Sprintf("%d/h", r.Count)
	}
	return fmt.Sprintf("%d/%s", r.Count, directive.Duration(r.Per))
}

// UnmarshalText reads a count, a slash and a duration whose number may be left
// out when it is 1.
func (r *Rate) UnmarshalText(text []byte) error {
	usage := fmt.Errorf("write a rate such as 100/s, 10/60s or 1000/m")
	count, per, ok := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || per == "" {
		return usage
	}
	if !strings.ContainsRune("0123456789.+-", rune(per[0])) {
		per = "1" + per
	}
	d, err := time.ParseDuration(per)
	if err != nil {
		return usage
	}
	if n < 1 || d < 1 {
		return fmt.Errorf("both numbers of a rate must be above 0; %w", usage)
	}
	if int64(n) > int64(d) {
		return fmt.Errorf("that is more than one a nanosecond; %w", usage)
	}
	*r = Rate{Count: n, Per: d}
	return nil
}

// A Mode says whether a policy acts on calls or only counts what it would do.
type Mode uint8

const (
	ModeEnforce Mode = iota // act
	ModeObserve             // decide and count, and leave every call alone
)

var modes = directive.Enum[Mode]{"enforce", "observe"}

func (m Mode) String() string                { return modes.Text(m) }
func (m *Mode) UnmarshalText(t []byte) error { return modes.Read(m, t) }

// Hints says what a limit does when the callee says how long to stay away.
type Hints uint8

const (
	HintsObeyed  Hints = iota // every attempt stays away
	HintsIgnored              // only the attempt that was told
)

var hints = directive.Enum[Hints]{"on", "off"}

func (h Hints) String() string                { return hints.Text(h) }
func (h *Hints) UnmarshalText(t []byte) error { return hints.Read(h, t) }

// An Extent says whose calls a limit counts, and who is told of a circuit breaker's
// openings.
type Extent uint8

const (
	ExtentProcess Extent = iota // this process alone
	ExtentFleet                 // the processes of a [Fleet]
)

var extents = directive.Enum[Extent]{"process", "fleet"}

func (e Extent) String() string                { return extents.Text(e) }
func (e *Extent) UnmarshalText(t []byte) error { return extents.Read(e, t) }
