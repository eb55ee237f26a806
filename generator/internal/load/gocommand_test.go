package load

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// If the go command is a script, what it has started may run longer than the script.
func TestAnInterruptedRunDoesNotWaitForChildren(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the wrapper is a shell script")
	}
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	script := "#!/bin/sh\nsleep 30 &\ntouch '" + started + "'\nwait\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := (&goCommand{}).run(ctx, "list")
		done <- err
	}()
	for !exists(started) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	case <-time.After(20 * time.Second):
		t.Error("the run waits")
	}
}

// A long message ends with a line that is complete.
func TestALongMessageEndsWithALine(t *testing.T) {
	var b firstBytes
	for range 1000 {
		b.Write([]byte("a line of some length\n"))
	}
	if text := b.text(); !strings.HasSuffix(text, "a line of some length\n(and more)") {
		t.Errorf("it ends with %q", text[len(text)-50:])
	}
	if b = nil; b.text() != "" {
		t.Errorf("nothing is %q", b.text())
	}
}
