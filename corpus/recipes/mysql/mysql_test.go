package mysql

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	number := func(name string, number uint16, class resil.Class) verdicttest.Case {
		return verdicttest.Case{Name: name, Err: &mysql.MySQLError{Number: number}, Want: resil.Verdict{Class: class}}
	}
	failure := resil.Verdict{Class: resil.Infrastructure}
	unsent := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c, Unsent: true} }
	verdicttest.Errors(t, classifyDBMySQL, []verdicttest.Case{
		{Name: "too many connections", Err: &mysql.MySQLError{Number: 1040}, Want: unsent(resil.Throttled)},
		number("too many of this user", 1203, resil.Throttled),
		number("limit of a user", 1226, resil.Throttled),
		number("lock wait", 1205, resil.Throttled),
		number("deadlock", 1213, resil.Throttled),
		number("nowait", 3572, resil.Throttled),
		number("shutdown", 1053, resil.Infrastructure),
		number("network", 1158, resil.Infrastructure),
		number("read-only", 1290, resil.Infrastructure),
		number("read-only transaction", 1792, resil.Infrastructure),
		number("read-only mode", 1836, resil.Infrastructure),
		number("killed", 1927, resil.Infrastructure),
		number("max_execution_time", 3024, resil.Infrastructure),
		number("idle too long", 4031, resil.Infrastructure),
		number("login", 1045, resil.SystemFault),
		number("no such database", 1049, resil.SystemFault),
		number("duplicate", 1062, resil.Application),
		number("syntax", 1064, resil.Application),
		{Name: "connection lost", Err: mysql.ErrInvalidConn, Want: failure},
		{Name: "malformed", Err: mysql.ErrMalformPkt, Want: failure},
		{Name: "out of sync", Err: mysql.ErrPktSync, Want: failure},
		{Name: "out of sync, several", Err: mysql.ErrPktSyncMul, Want: failure},
		{Name: "too large", Err: mysql.ErrPktTooLarge, Want: resil.Verdict{Class: resil.Application}},
		{Name: "no TLS", Err: mysql.ErrNoTLS, Want: unsent(resil.SystemFault)},
		{Name: "plugin", Err: mysql.ErrUnknownPlugin, Want: unsent(resil.SystemFault)},
		{Name: "protocol", Err: mysql.ErrOldProtocol, Want: unsent(resil.SystemFault)},
		{Name: "clear text", Err: mysql.ErrCleartextPassword, Want: unsent(resil.SystemFault)},
		{Name: "native password", Err: mysql.ErrNativePassword, Want: unsent(resil.SystemFault)},
		{Name: "old password", Err: mysql.ErrOldPassword, Want: unsent(resil.SystemFault)},
		{Name: "bad connection", Err: driver.ErrBadConn, Want: unsent(resil.Infrastructure)},
		{Name: "no rows", Err: sql.ErrNoRows, Network: resil.Application},
		{Name: "cut off", Err: io.ErrUnexpectedEOF, Network: resil.Infrastructure},
		{Name: "unknown", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyDBMySQL, (*mysql.MySQLError)(nil))
}

// A server speaks the protocol of MySQL as far as a statement without results needs it.
type server struct {
	net.Listener
	statements atomic.Int64
	answer     atomic.Uint32 // an error number; 0 for success, hangup for none
}

const hangup = 1 << 16

func serve(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &server{Listener: l}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	greeting := []byte("\x0a8.4.0\x00" + "\x01\x00\x00\x00" + "12345678\x00" + // protocol, version, thread, salt
		"\x00\x82" + "\x21" + "\x02\x00" + "\x08\x00" + "\x15" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + // capabilities, utf8, status
		"123456789012\x00" + "mysql_native_password\x00")
	ok := []byte("\x00\x00\x00\x02\x00\x00\x00")
	if write(conn, 0, greeting) != nil {
		return
	}
	if _, err := read(r); err != nil {
		return
	}
	if write(conn, 2, ok) != nil {
		return
	}
	for {
		command, err := read(r)
		if err != nil {
			return
		}
		reply := ok
		if command[0] == 3 { // COM_QUERY
			s.statements.Add(1)
			switch number := s.answer.Load(); number {
			case 0:
			case hangup:
				return
			default:
				reply = append([]byte{0xff, byte(number), byte(number >> 8)}, "#HY000text"...)
			}
		}
		if write(conn, 1, reply) != nil {
			return
		}
	}
}

func write(w io.Writer, sequence byte, payload []byte) error {
	n := len(payload)
	_, err := w.Write(append([]byte{byte(n), byte(n >> 8), byte(n >> 16), sequence}, payload...))
	return err
}

func read(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	payload := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	_, err := io.ReadFull(r, payload)
	return payload, err
}

// open returns a guarded pool.
func open(t *testing.T, s *server) *ResilientDB {
	t.Helper()
	pool, err := sql.Open("mysql", "u@tcp("+s.Addr().String()+")/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	db, err := NewResilientDB(pool)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestDeadServerOpensTheBreakerAndAnAnswerDoesNot(t *testing.T) {
	s := serve(t)
	db := open(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, "insert"); err != nil {
		t.Fatal(err)
	}
	s.answer.Store(1062)
	for range 20 {
		if _, err := db.ExecContext(ctx, "insert"); err == nil || errors.Is(err, resil.ErrOpen) {
			t.Fatal(err)
		}
	}
	if state := db.Resilience().Stats().Breaker("DB").State; state != resil.StateClosed {
		t.Errorf("after answers the breaker is %v", state)
	}
	s.answer.Store(1053)
	var err error
	for range 60 {
		if _, err = db.ExecContext(ctx, "insert"); errors.Is(err, resil.ErrOpen) {
			break
		}
	}
	if !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the breaker does not open: %v", err)
	}
}

func TestStatementIsRepeatedOnlyIfItWasNotSent(t *testing.T) {
	s := serve(t)
	db := open(t, s)
	exec := func() error { _, err := db.ExecContext(t.Context(), "insert"); return err }
	s.answer.Store(hangup)
	if err := exec(); !errors.Is(err, mysql.ErrInvalidConn) || s.statements.Load() != 1 {
		t.Errorf("a statement that was cut off: %v, %d statements", err, s.statements.Load())
	}
	db = open(t, s)
	s.Close()
	if err := exec(); !errors.Is(err, resil.ErrExhausted) || db.Resilience().Stats().Method("ExecContext").Attempts != 3 {
		t.Errorf("without a server: %v, %d attempts", err, db.Resilience().Stats().Method("ExecContext").Attempts)
	}
}
