//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	resilredis "github.com/resilgen/resilgen/integrations/redis"
	resil "github.com/resilgen/resilgen/runtime"
)

// startRedis starts a server on the loopback interface, and returns its URL.
func startRedis(t *testing.T) (addr string) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no redis-server; .ci/servers installs it")
		}
		t.Skip("there is no redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return addr
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// varying is what differs from run to run.
var varying = regexp.MustCompile(`\S+-\d+-[a-z0-9]{8}|\d{4}-\d\d-\d\dT\S+`)

func TestCommand(t *testing.T) {
	addr := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: addr})
	fleet := resilredis.New(client)
	client.Close()
	defer fleet.Close()
	p, err := resil.ParsePolicies("breaker", "limit 1000/s scope=fleet")
	if err != nil {
		t.Fatal(err)
	}
	p.Breaker.Name, p.Limit.Name = "Users", "Users"
	users, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get", Policies: p}}}, resil.WithFleet(fleet))
	if err != nil {
		t.Fatal(err)
	}
	for users.Stats().Fleet.Status != resil.FleetConnected {
		time.Sleep(10 * time.Millisecond)
	}
	file := filepath.Join(t.TempDir(), "overrides.json")
	if err := os.WriteFile(file, []byte(`{"Users": {"limit": "50/s"}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args, in string
		code     int
		want     string
	}{
		{args: "status", want: "CLIENT PROCESSES ORDERS SUSPICIONS Users 1 0 0"},
		{args: "force open Users Users -for 10m -by ada", want: "Users: force open breaker Users for 10m0s: ordered for 1 processes"},
		{args: "status Users", want: "PROCESS STARTED REFUSED … … ORDER BY AT Users: force open breaker Users for 9m5"},
		{args: "reset Users Users -by bob", want: "Users: reset breaker Users: ordered for 1 processes"},
		{args: "apply Users " + file, want: "Users: apply Users limit 50/s: ordered for 1 processes"},
		{args: "status Users", want: "Users: reset breaker Users bob …"},
		{args: "apply Users -", in: "{}", want: "Users: take the overrides back: ordered for 1 processes"},
		{args: "apply Users -", in: `{"Users": {"limit": "no=1"}}`, code: 1, want: `unknown key "no"`},
		{args: "apply Users -", in: `{`, code: 1, want: `-: unexpected end of JSON input; write {"Users": {"limit": "rate=100/s"}}`},
		{args: "apply Users -", in: `null`, code: 1, want: `-: there are no overrides; write {"Users": {"limit": "rate=100/s"}}, or {} to take them back`},
		{args: "force open Nobody Users", code: 1, want: "no process has a client Nobody; these are known: Users"},
		{args: "force open Users Nobody", code: 1, want: `unknown breaker "Nobody"; write Users`},
		{args: "force shut Users Users", code: 2, want: `cannot force "shut"; write open or close`},
		{args: "status -for 1m", code: 2, want: "-for is for force"},
		{args: "sing", code: 2, want: "cannot sing"},
		{args: "", code: 2, want: "nothing to do"},
		{args: "-h", want: "resilgen fleet [flags] status"},
		{args: "status -redis " + addr, want: "CLIENT PROCESSES ORDERS SUSPICIONS Users 1"},
		{args: "status -redis http://" + addr, code: 2, want: "invalid URL scheme"},
		{args: "status -redis redis://127.0.0.1:1", code: 1, want: "no Redis at redis://127.0.0.1:1"},
	} {
		var out, errs bytes.Buffer
		args := strings.Fields(c.args)
		if !strings.Contains(c.args, "-redis") {
			args = append([]string{"-redis", "redis://" + addr}, args...)
		}
		code := run(context.Background(), args, strings.NewReader(c.in), &out, &errs)
		got := varying.ReplaceAllString(strings.Join(strings.Fields(out.String()+errs.String()), " "), "…")
		if code != c.code || !strings.Contains(got, c.want) {
			t.Errorf("%s: code %d, want %d; got %s, want %q", c.args, code, c.code, got, c.want)
		}
	}
	if s := users.Stats().Breaker("Users").State; s != resil.StateClosed {
		t.Errorf("the breaker is %v", s)
	}
}

// TestCommandHidesWhatMayHarm: no password of the URL is printed, and nothing that others have
// written into Redis, keys that their users chose among it, commands the terminal.
func TestCommandHidesWhatMayHarm(t *testing.T) {
	addr := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	till := time.Now().Add(time.Hour).UnixMicro()
	evil := "a\x1b[2J\tb\nc\u202e\xff"
	client.HSet(t.Context(), "resil:{Users}:suspects", "Users\x00"+evil+"\x00p", fmt.Sprintf("%d %d ", till, time.Now().UnixMicro()))
	client.HSet(t.Context(), "resil:{Users}:orders", "Users\x00"+evil, fmt.Sprintf(`0 %d {"id":"1","action":"open","breaker":"Users","key":"\u001b[2J\t","by":"\u001b[2J"}`, till))
	client.HSet(t.Context(), "resil:{Users}:about", evil, fmt.Sprintf(`{"refused":%q}`, "\u001b[2J"))
	client.ZAdd(t.Context(), "resil:clients", redis.Z{Score: float64(time.Now().Unix()), Member: "\x1b[2J"})
	t.Setenv("RESILGEN_REDIS", "redis://ada:secret@"+addr)
	for _, args := range []string{
		"-h",
		"status Users -redis redis://" + addr,
		"status -redis redis://" + addr,
		"force open Nobody Users -redis redis://" + addr,
		"status",
		"status -redis redis://ada:secret@127.0.0.1:1",
		"status -redis redis://ada:secret@127.0.0.1:x",
		"status -redis redis://ada:secret@127.0.0.1:1?addr=127.0.0.1:x%",
		"status -redis redis://ada:secret@127.0.0.1:1/?no=secret",
	} {
		var out, errs bytes.Buffer
		run(t.Context(), strings.Fields(args), strings.NewReader(""), &out, &errs)
		got := out.String() + errs.String()
		if strings.Contains(got, "ada:secret") || strings.ContainsAny(got, "\x1b\u202e") || !utf8.ValidString(got) {
			t.Errorf("%s prints %q", args, got)
		}
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "c") {
				t.Errorf("%s prints a key over two lines: %q", args, got)
			}
		}
	}
}
