// Package postgrestest has a server that speaks the protocol of PostgreSQL and answers as
// a test wants.
package postgrestest

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A Server answers every statement in the same way, until told otherwise.
type Server struct {
	Addr string // host and port

	listener   net.Listener
	statements atomic.Int64
	code       atomic.Value // string
	login      atomic.Value // string
}

// Hangup, in place of a code, closes the connection without an answer.
const Hangup = "hangup"

// Serve starts a server, which ends with the test.
func Serve(t *testing.T) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &Server{Addr: l.Addr().String(), listener: l}
	s.Answer("")
	s.Login("")
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

// Answer gives statements an error with a SQLSTATE as the answer; none if it is empty.
func (s *Server) Answer(code string) { s.code.Store(code) }

// Login answers logins as Answer does statements.
func (s *Server) Login(code string) { s.login.Store(code) }

// Statements returns how many statements the server has got.
func (s *Server) Statements() int64 { return s.statements.Load() }

// Close stops listening. Connections stay.
func (s *Server) Close() { s.listener.Close() }

func (s *Server) serve(conn net.Conn) {
	defer conn.Close()
	b := pgproto3.NewBackend(conn, conn)
	for started := false; !started; {
		m, err := b.ReceiveStartupMessage()
		if err != nil {
			return
		}
		switch m.(type) {
		case *pgproto3.SSLRequest:
			if _, err := conn.Write([]byte{'N'}); err != nil {
				return
			}
		case *pgproto3.StartupMessage:
			started = true
		default:
			return
		}
	}
	switch code := s.login.Load().(string); code {
	case "":
	case Hangup:
		return
	default:
		b.Send(failure("FATAL", code))
		b.Flush()
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if b.Flush() != nil {
		return
	}
	for {
		m, err := b.Receive()
		if err != nil {
			return
		}
		code := s.code.Load().(string)
		switch m := m.(type) {
		case *pgproto3.Query, *pgproto3.Parse:
			ping := false
			if q, ok := m.(*pgproto3.Query); ok {
				ping = q.String == ";" || q.String == "-- ping" || q.String == ";;;"
			}
			s.statements.Add(1)
			switch {
			case code == Hangup:
				return
			case code != "" && !ping:
				b.Send(failure("ERROR", code))
			default:
				b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 0")})
			}
			if _, simple := m.(*pgproto3.Query); simple {
				b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
			}
		case *pgproto3.Sync:
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		case *pgproto3.Terminate:
			return
		}
		if b.Flush() != nil {
			return
		}
	}
}

func failure(severity, code string) *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{Severity: severity, Code: code, Message: "a test wants it"}
}
