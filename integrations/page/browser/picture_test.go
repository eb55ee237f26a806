package browser

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/chromedp"
)

// picture takes a picture of what is seen. With -update it goes to the documentation.
func (b *tab) picture(name string) {
	b.t.Helper()
	data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	dir := b.t.ArtifactDir()
	if *update {
		dir = filepath.Join("..", "..", "..", "docs")
		data = b.smaller(data)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
		b.t.Fatal(err)
	}
}

// smaller is a picture of 256 colors at most: of those that are nearly alike, the one that it
// has most of.
func (b *tab) smaller(data []byte) []byte {
	b.t.Helper()
	full, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		b.t.Fatal(err)
	}
	times := map[color.Color]int{}
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			times[full.At(x, y)]++
		}
	}
	most := map[color.RGBA]color.Color{}
	for c, n := range times {
		r, g, b, _ := c.RGBA()
		alike := color.RGBA{R: uint8(r >> 12), G: uint8(g >> 12), B: uint8(b >> 12)}
		if most[alike] == nil || n > times[most[alike]] {
			most[alike] = c
		}
	}
	colors := slices.SortedFunc(maps.Values(most), func(a, b color.Color) int { return cmp.Compare(times[b], times[a]) })
	few := image.NewPaletted(full.Bounds(), colors[:min(len(colors), 256)])
	draw.Draw(few, few.Bounds(), full, image.Point{}, draw.Src)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, few); err != nil {
		b.t.Fatal(err)
	}
	return out.Bytes()
}
