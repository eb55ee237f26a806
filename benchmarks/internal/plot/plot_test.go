package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestPictureShowsEachCurveWithinItsPanel(t *testing.T) {
	p := Picture{
		Title: "a & b", Lasts: 4 * time.Second, Step: time.Second, Curves: []string{"a", "<b>"},
		Faults: [][2]time.Duration{{time.Second, 2 * time.Second}},
		Panels: []Panel{
			{Title: "first", Series: [][]float64{{0, 5, 10, 0, 99}, {1, 2, 3, 4}}},
			{Title: "second", Series: [][]float64{{0, 0, 0, 0}, {0, 0, 0, 7}}, Level: 9, Name: "limit"},
		},
	}
	text := p.SVG()
	if again := p.SVG(); again != text {
		t.Error("the same picture is drawn in two ways")
	}
	curves := 0
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		e, ok := token.(xml.StartElement)
		if !ok || e.Name.Local != "path" || !strings.HasPrefix(e.Attr[0].Value, "curve") || strings.Contains(e.Attr[1].Value, "h") {
			continue // "h" is in the legend's
		}
		top := float64(firstPanel + curves/2*(panelHeight+panelGap))
		points := strings.FieldsFunc(e.Attr[1].Value, func(r rune) bool { return r == 'M' || r == 'L' })
		if len(points) != 4 {
			t.Errorf("curve %d has %d points, want the 4 that the picture lasts", curves, len(points))
		}
		for _, point := range points {
			x, y, _ := strings.Cut(point, " ")
			left, _ := strconv.ParseFloat(x, 64)
			up, _ := strconv.ParseFloat(y, 64)
			if left < plotLeft || left > plotWidth-plotRight || up < top || up > top+panelHeight {
				t.Errorf("curve %d has the point %s, outside its panel", curves, point)
			}
		}
		curves++
	}
	if curves != 4 {
		t.Errorf("%d curves, want 2 in each of 2 panels", curves)
	}
}

func TestTicksAreRoundAndFew(t *testing.T) {
	for _, tt := range []struct {
		most  float64
		ticks int
		want  float64
	}{{0, 5, 1}, {4, 5, 1}, {81, 10, 10}, {1030, 5, 500}, {510, 10, 100}} {
		if got := tick(tt.most, tt.ticks); got != tt.want {
			t.Errorf("tick(%v, %d) = %v, want %v", tt.most, tt.ticks, got, tt.want)
		}
	}
}
