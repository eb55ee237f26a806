//go:build linux

package servers

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server may take to start or to end, and a fault to show.
const patience = 90 * time.Second

// A process is a server, which ends with the test. Its files are in a folder of their own.
type process struct {
	t     *testing.T
	dir   string
	port  string
	env   []string
	ready func(context.Context) error // says whether the server serves

	cmd    *exec.Cmd
	exited chan struct{}
}

// program finds a program, by its name or in folders that PATH lacks, which may have
// wildcards. Where there is none, the test is skipped, or fails in CI.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		if found, _ := filepath.Glob(name); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("there is no %s; .ci/servers installs it", names[0])
	}
	t.Skipf("there is no %s", names[0])
	return ""
}

// newProcess makes the folder of a server and takes a port for it.
func newProcess(t *testing.T) *process {
	t.Helper()
	dir, err := os.MkdirTemp("", "server")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, dir: dir, port: freePort(t)}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			p.showLog()
		}
		os.RemoveAll(dir)
	})
	if who := unprivileged(t); who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// unprivileged returns whom servers run as where the tests run as root, which some servers
// refuse.
func unprivileged(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, _ := strconv.ParseUint(nobody.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (p *process) addr() string { return net.JoinHostPort("127.0.0.1", p.port) }

func (p *process) command(name string, args ...string) *exec.Cmd {
	p.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), append([]string{"HOME=" + p.dir, "LC_ALL=C"}, p.env...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(p.t), Setpgid: true, Pdeathsig: syscall.SIGKILL}
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { log.Close() })
	cmd.Stdout, cmd.Stderr = log, log
	return cmd
}

// run runs a program to its end.
func (p *process) run(name string, args ...string) {
	p.t.Helper()
	if err := p.command(name, args...).Run(); err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
}

// launch starts the server without waiting until it serves.
func (p *process) launch(name string, args ...string) {
	p.t.Helper()
	p.cmd, p.exited = p.command(name, args...), make(chan struct{})
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func(cmd *exec.Cmd, exited chan struct{}) {
		cmd.Wait()
		close(exited)
	}(p.cmd, p.exited)
}

// start starts the server and waits until it serves.
func (p *process) start(name string, args ...string) {
	p.t.Helper()
	p.launch(name, args...)
	p.waitReady()
}

// restart starts the server again as it was started last.
func (p *process) restart() {
	p.t.Helper()
	p.start(p.cmd.Path, p.cmd.Args[1:]...)
}

func (p *process) waitReady() {
	p.t.Helper()
	eventually(p.t, func(ctx context.Context) error {
		select {
		case <-p.exited:
			p.t.Fatalf("%s has ended: %v", p.cmd.Path, p.cmd.ProcessState)
		default:
		}
		return p.ready(ctx)
	})
}

// listening reports whether somebody accepts connections at the server's port.
func (p *process) listening(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.addr())
	if err == nil {
		conn.Close()
	}
	return err
}

// kill ends the server, and all processes that it has started, without a warning.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	p.signalAll(syscall.SIGKILL)
	<-p.exited
}

// signal sends a signal to the server alone.
func (p *process) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// stop asks the server to end, and waits until it has.
func (p *process) stop(sig syscall.Signal) {
	p.t.Helper()
	p.signal(sig)
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.cmd.Path)
	}
}

// hang stops the server and all its processes in what they do, until resume.
func (p *process) hang() { p.signalAll(syscall.SIGSTOP) }

func (p *process) resume() { p.signalAll(syscall.SIGCONT) }

// signalAll sends a signal to the server and all its descendants, whatever their groups.
func (p *process) signalAll(sig syscall.Signal) {
	select {
	case <-p.exited:
		return
	default:
	}
	parents := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, _ := os.ReadFile(stat)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 {
			parents[pid], _ = strconv.Atoi(fields[1])
		}
	}
	all := []int{p.cmd.Process.Pid}
	for i := 0; i < len(all); i++ {
		for pid, parent := range parents {
			if parent == all[i] && !slices.Contains(all, pid) {
				all = append(all, pid)
			}
		}
	}
	for _, pid := range all {
		syscall.Kill(pid, sig)
	}
}

func (p *process) logFile() string { return p.dir + ".log" }

func (p *process) showLog() {
	text, _ := os.ReadFile(p.logFile())
	lines := strings.Split(string(text), "\n")
	p.t.Logf("the last that %s said:\n%s", p.cmd, strings.Join(lines[max(0, len(lines)-30):], "\n"))
}

// eventually calls f until it returns no error.
func eventually(t *testing.T, f func(context.Context) error) {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := f(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %v: %v", patience, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// becomes returns a function for eventually that waits until f returns want.
func becomes[T comparable](want T, f func(context.Context) (T, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		got, err := f(ctx)
		if err == nil && got != want {
			err = fmt.Errorf("%v, want %v", got, want)
		}
		return err
	}
}
