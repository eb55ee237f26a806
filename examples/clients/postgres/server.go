package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
)

// errNotInstalled says what is missing.
var errNotInstalled = errors.New("PostgreSQL is not installed: on Debian, apt-get install postgresql")

// A server is a PostgreSQL with a database cluster of its own, on a loopback port.
type server struct {
	pgctl, dir string
	host, port string
	as         []string // what starts a command as another user than root
}

// newServer makes a database cluster. The caller removes it.
func newServer() (s *server, err error) {
	s = &server{}
	if s.pgctl, err = findPgctl(); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.host, s.port, err = net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "postgres"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		if err := s.leaveRoot(); err != nil {
			return nil, errors.Join(err, s.remove())
		}
	}
	if err := s.do("initdb", "--silent", "--options=--username=demo --auth=trust --no-sync"); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// findPgctl looks where Debian keeps the command, then in PATH.
func findPgctl() (string, error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl"); len(found) > 0 {
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath("pg_ctl")
	if err != nil {
		return "", errNotInstalled
	}
	return path, nil
}

func (s *server) leaveRoot() error {
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	s.as = []string{"runuser", "-u", u.Username, "--"}
	return os.Chown(s.dir, uid, gid)
}

// url is what a client connects to.
func (s *server) url() string {
	return fmt.Sprintf("postgres://demo@%s/postgres?sslmode=disable", net.JoinHostPort(s.host, s.port))
}

func (s *server) start() error {
	return s.do("start", "--silent", "--wait", "--log", filepath.Join(s.dir, "log"), "--options",
		fmt.Sprintf("-h %s -p %s -c unix_socket_directories='' -c fsync=off", s.host, s.port))
}

// stop ends the server as a crash would.
func (s *server) stop() error { return s.do("stop", "--silent", "--mode=immediate") }

func (s *server) remove() error { return os.RemoveAll(s.dir) }

// do runs pg_ctl.
func (s *server) do(args ...string) error {
	args = append(append(s.as, s.pgctl), args...)
	args = append(args, "--pgdata", filepath.Join(s.dir, "data"))
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("%s: %w\n%s%s", cmd, err, out, log)
	}
	return nil
}
