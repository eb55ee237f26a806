package neo4j

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	code := func(code string, class resil.Class) verdicttest.Case {
		return verdicttest.Case{Name: code, Err: &neo4j.Neo4jError{Code: code}, Want: resil.Verdict{Class: class}}
	}
	better := func(c verdicttest.Case) verdicttest.Case { c.Better = true; return c }
	want := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c} }
	limit := func(errs ...error) error { return &neo4j.TransactionExecutionLimit{Cause: "timeout", Errors: errs} }
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	verdicttest.Errors(t, classifySessionNeo4j, []verdicttest.Case{
		code("Neo.TransientError.General.DatabaseUnavailable", resil.Infrastructure),
		code("Neo.ClientError.Cluster.NotALeader", resil.Infrastructure),
		code("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", resil.Infrastructure),
		better(code("Neo.TransientError.Transaction.DeadlockDetected", resil.Throttled)),
		better(code("Neo.TransientError.Request.NoThreadsAvailable", resil.Throttled)),
		better(code("Neo.ClientError.Security.AuthorizationExpired", resil.Throttled)),
		code("Neo.ClientError.Security.Unauthorized", resil.SystemFault),
		code("Neo.ClientError.Database.DatabaseNotFound", resil.SystemFault),
		code("Neo.DatabaseError.General.UnknownError", resil.SystemFault),
		code("Neo.ClientError.Schema.ConstraintValidationFailed", resil.Application),
		code("Neo.ClientError.Statement.SyntaxError", resil.Application),
		{Name: "connection refused", Err: &neo4j.ConnectivityError{Inner: refused}, Want: resil.Verdict{Class: resil.Infrastructure, Unsent: true}},
		{Name: "connection lost", Err: &neo4j.ConnectivityError{Inner: io.EOF}, Want: want(resil.Infrastructure)},
		{Name: "connection, unknown", Err: &neo4j.ConnectivityError{Inner: errors.New("text")}, Want: want(resil.Infrastructure)},
		{Name: "repeated by the driver, connection", Err: limit(&neo4j.Neo4jError{Code: "Neo.TransientError.Transaction.DeadlockDetected"}, refused), Want: want(resil.Infrastructure)},
		{Name: "repeated by the driver, conflict", Err: limit(refused, &neo4j.Neo4jError{Code: "Neo.TransientError.Transaction.DeadlockDetected"}), Want: want(resil.Throttled)},
		{Name: "repeated by the driver, nothing", Err: limit()},
		{Name: "token expired", Err: &neo4j.TokenExpiredError{Code: "Neo.ClientError.Security.TokenExpired"}},
		{Name: "usage", Err: &neo4j.UsageError{Message: "text"}},
		{Name: "unknown", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifySessionNeo4j, (*neo4j.Neo4jError)(nil), (*neo4j.ConnectivityError)(nil), (*neo4j.TransactionExecutionLimit)(nil))
}

// session returns a session with a server that does not listen.
func session(t *testing.T) neo4j.SessionWithContext {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	driver, err := neo4j.NewDriverWithContext("bolt://"+l.Addr().String(), neo4j.NoAuth(), func(c *config.Config) {
		c.MaxTransactionRetryTime = 0
		c.SocketConnectTimeout = time.Second
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { driver.Close(context.Background()) })
	s := driver.NewSession(t.Context(), neo4j.SessionConfig{})
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	w, err := NewResilientSession(session(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.BeginTransaction(t.Context())
	if n := w.Resilience().Stats().Method("BeginTransaction").Attempts; n != 3 || !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("%d attempts, want 3; %v", n, err)
	}
	work := func(neo4j.ManagedTransaction) (any, error) { return nil, nil }
	for range 60 {
		if _, err = w.ExecuteRead(t.Context(), work); errors.Is(err, resil.ErrOpen) {
			return
		}
	}
	t.Errorf("the breaker does not open: %v", err)
}

// serve answers every message of a connection with success, and hangs up at a commit.
func serve(conn net.Conn) {
	const commit = 0x12
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 20)); err != nil { // versions
		return
	}
	if _, err := conn.Write([]byte{0, 0, 4, 4}); err != nil {
		return
	}
	success := []byte("\x00\x1f\xb1\x70\xa2\x86server\x8bNeo4j/5.0.0\x82id\x82id")
	success[1] = byte(len(success) - 2)
	success = append(success, 0, 0)
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		message := make([]byte, int(size[0])<<8|int(size[1])+2) // and its end
		if _, err := io.ReadFull(conn, message); err != nil || message[1] == commit {
			return
		}
		if _, err := conn.Write(success); err != nil {
			return
		}
	}
}

// Nobody knows whether a commit was done whose answer is lost.
func TestLostCommitIsFinal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	driver, err := neo4j.NewDriverWithContext("bolt://"+l.Addr().String(), neo4j.NoAuth())
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close(context.Background())
	s := driver.NewSession(t.Context(), neo4j.SessionConfig{})
	defer s.Close(context.Background())
	_, err = s.ExecuteWrite(t.Context(), func(neo4j.ManagedTransaction) (any, error) { return nil, nil })
	if got := classifySessionNeo4j(err); got != (resil.Verdict{Class: resil.Infrastructure, Final: true}) {
		t.Errorf("%v is %+v", err, got)
	}
}

// A failing session answers everything with an error.
type failing struct{ neo4j.SessionWithContext }

func (failing) ExecuteWrite(context.Context, neo4j.ManagedTransactionWork, ...func(*neo4j.TransactionConfig)) (any, error) {
	return nil, &neo4j.Neo4jError{Code: "Neo.ClientError.Schema.ConstraintValidationFailed"}
}

func TestAnswersOpenNoBreaker(t *testing.T) {
	w, err := NewResilientSession(failing{})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := w.ExecuteWrite(t.Context(), nil); !neo4j.IsNeo4jError(err) {
			t.Fatal(err)
		}
	}
}
