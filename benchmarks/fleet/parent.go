//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2"
)

// processes is how many the fleet has.
const processes = 8

// A process is one of the fleet, as this program sees it.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	proxy *toxiproxy.Proxy // before Redis; nil for none

	mu    sync.Mutex
	lines []line
	fails error
	ended chan struct{}
}

// startProcess starts this program again, as process number i.
func startProcess(i int, s settings) (*process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s.Backend += fmt.Sprintf("/?process=%d", i)
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(exe), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(out)
	return p, nil
}

func (p *process) read(out io.Reader) {
	defer close(p.ended)
	decoder := json.NewDecoder(bufio.NewReader(out))
	for {
		var l line
		err := decoder.Decode(&l)
		p.mu.Lock()
		if err != nil {
			p.fails = err
			p.mu.Unlock()
			return
		}
		p.lines = append(p.lines, l)
		p.mu.Unlock()
	}
}

func (p *process) tell(r request) error { return json.NewEncoder(p.in).Encode(r) }

// close ends the process, even one that is stopped.
func (p *process) close() {
	p.cmd.Process.Kill()
	<-p.ended
	p.cmd.Wait()
	if p.proxy != nil {
		p.proxy.Stop()
	}
}

// first returns the first line since a time for which is is true, or an error that says what
// it waits for.
func (p *process) first(since time.Time, what string, is func(line) bool) (found line, err error) {
	err = eventually(what, func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		i := slices.IndexFunc(p.lines, func(l line) bool { return !l.At.Before(since) && is(l) })
		if i < 0 {
			return errors.Join(fmt.Errorf("process %d says nothing of it", p.cmd.Process.Pid), p.fails)
		}
		found = p.lines[i]
		return nil
	})
	return found, err
}

// report asks the process for a report, or for its state.
func (p *process) report(r request) (*report, error) {
	since := time.Now()
	if err := p.tell(r); err != nil {
		return nil, err
	}
	l, err := p.first(since, "report", func(l line) bool { return l.Report != nil })
	return l.Report, err
}

// A fleet is the processes, and what they share.
type fleet struct {
	*server
	*backend
	all []*process
}

// startFleet starts a fleet and waits until each of its processes knows of all.
func startFleet(limit string, proxied bool) (f *fleet, err error) {
	f = &fleet{}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if f.server, err = startServer(); err != nil {
		return f, err
	}
	if f.backend, err = startBackend(); err != nil {
		return f, err
	}
	for i := range processes {
		s := settings{Redis: f.addr, Backend: f.url, Limit: limit}
		var proxy *toxiproxy.Proxy
		if proxied {
			if proxy, err = f.startProxy(); err != nil {
				return f, err
			}
			s.Redis = proxy.Listen
		}
		p, err := startProcess(i, s)
		if err != nil {
			return f, err
		}
		p.proxy = proxy
		f.all = append(f.all, p)
	}
	return f, f.complete()
}

// complete waits until all processes are connected and know of all.
func (f *fleet) complete() error {
	return eventually("the fleet is complete", func() error {
		for i, p := range f.all {
			r, err := p.report(request{State: true})
			if err != nil {
				return err
			}
			if r.Status != "connected" || r.Processes != processes {
				time.Sleep(50 * time.Millisecond)
				return fmt.Errorf("process %d is %s and knows %d processes", i, r.Status, r.Processes)
			}
		}
		return nil
	})
}

func (f *fleet) close() {
	for _, p := range f.all {
		p.close()
	}
	if f.server != nil {
		f.server.close()
	}
	if f.backend != nil {
		f.backend.server.Close()
	}
}

// tell tells all processes the same.
func (f *fleet) tell(r request) error {
	for _, p := range f.all {
		if err := p.tell(r); err != nil {
			return err
		}
	}
	return nil
}

// reports are those of all processes.
func (f *fleet) reports() (all []*report, err error) {
	for _, p := range f.all {
		r, err := p.report(request{Report: true})
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}
