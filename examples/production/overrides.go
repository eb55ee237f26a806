package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// An overridesFile puts in force what a JSON file says, now and while it changes. What is
// wrong leaves everything as it is, and so does a file that is not there. An empty file, like
// {}, means none.
//
// It reads the file again and again, through all symbolic links, and compares the text. So
// it sees a ConfigMap that is swapped and a file on a network, of which no event may tell.
type overridesFile struct {
	path  string
	apply func(resil.Overrides) error // Client.Apply or Registry.Apply
	last  reading                     // the newest
	taken reading                     // the last that was put in force or found wrong
}

// A reading is what was found at one time.
type reading struct{ text, problem string }

// load reads the file for the first time. Call it when all clients are made.
func (f *overridesFile) load() {
	f.last = f.read()
	f.take()
}

// watch reads the file after each period, until ctx ends.
func (f *overridesFile) watch(ctx context.Context, period time.Duration) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.look()
		}
	}
}

// look reads the file. A new text must be the same in two readings: the first may find a
// file that is half written, or just emptied to be written.
func (f *overridesFile) look() {
	found := f.read()
	if found == f.last && found != f.taken {
		f.take()
	}
	f.last = found
}

func (f *overridesFile) read() reading {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = os.ReadFile(f.path) // links were swapped meanwhile
	}
	if err != nil {
		return reading{problem: err.Error()}
	}
	return reading{text: string(text)}
}

// take puts the last reading in force, or logs what is wrong with it.
func (f *overridesFile) take() {
	f.taken = f.last
	if err := f.put(f.last); err != nil {
		slog.Warn("the overrides stay as they are", "file", f.path, "error", err)
	}
}

func (f *overridesFile) put(r reading) error {
	var o resil.Overrides
	switch {
	case r.problem != "":
		return fmt.Errorf("%s; write {} for no overrides", r.problem)
	case strings.TrimSpace(r.text) != "":
		if err := json.Unmarshal([]byte(r.text), &o); err != nil {
			return err
		}
	}
	return f.apply(o)
}
