package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A progress is a line on a terminal that shows what a long run does.
type progress struct {
	w     io.Writer
	last  time.Time     // when the line was written; at first, when the run began
	wait  time.Duration // how long the line stays
	width int           // of the line's text, in bytes
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, last: time.Now(), wait: time.Second / 2}
}

// isTerminal reports whether w is a terminal that can rewrite a line.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// show replaces the line, unless nobody had time to read it. If total is not 0, it
// shows how many of the total are done.
func (p *progress) show(activity string, done, total int) {
	if time.Since(p.last) < p.wait {
		return
	}
	p.last, p.wait = time.Now(), time.Second/10
	text := "resilgen: " + activity
	if total > 0 {
		text += fmt.Sprintf(" %d/%d", done, total)
	}
	p.put(text)
}

// clear empties the line, so that the next output starts there.
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
