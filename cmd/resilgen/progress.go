package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A progress is a line on a terminal that tells what a longer run is doing.
type progress struct {
	w     io.Writer
	last  time.Time // when the line was written, at first when the run began
	wait  time.Duration
	width int // of what stands on the line
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, last: time.Now(), wait: time.Second / 2}
}

// isTerminal reports whether a person reads what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// show replaces the line, unless it is too young to have been read.
func (p *progress) show(doing string, done, of int) {
	if time.Since(p.last) < p.wait {
		return
	}
	p.last, p.wait = time.Now(), time.Second/10
	text := "resilgen: " + doing
	if of > 0 {
		text += fmt.Sprintf(" %d/%d", done, of)
	}
	p.put(text)
}

// clear leaves an empty line for what is printed next.
func (p *progress) clear() {
	if p.width > 0 {
		p.put("")
		fmt.Fprint(p.w, "\r")
	}
}

func (p *progress) put(text string) {
	fmt.Fprint(p.w, "\r"+text+strings.Repeat(" ", max(0, p.width-len(text))))
	p.width = len(text)
}
