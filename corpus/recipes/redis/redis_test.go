package redis

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// A server speaks the protocol of Redis and answers every GET and INCR as it is told to.
type server struct {
	net.Listener
	reply atomic.Value // string; hangup closes the connection
	got   atomic.Int64
}

const hangup = "hangup"

func serve(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &server{Listener: l}
	s.reply.Store("$1\r\nx\r\n")
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
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		var args []string
		for n, _ := strconv.Atoi(strings.Trim(line, "*\r\n")); len(args) < n; {
			r.ReadString('\n') // its length
			arg, err := r.ReadString('\n')
			if err != nil {
				return
			}
			args = append(args, strings.TrimSpace(arg))
		}
		reply := "+OK\r\n"
		switch strings.ToLower(args[0]) {
		case "get", "incr":
			s.got.Add(1)
			if reply = s.reply.Load().(string); reply == hangup {
				return
			}
		case "hello":
			reply = "-ERR unknown command 'hello'\r\n"
		}
		if _, err := io.WriteString(conn, reply); err != nil {
			return
		}
	}
}

// open returns a guarded client without retries of its own.
func open(t *testing.T, s *server) *ResilientCache {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.Addr().String(), MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true, PoolSize: 1})
	t.Cleanup(func() { client.Close() })
	cache, err := NewResilientCache(client)
	if err != nil {
		t.Fatal(err)
	}
	return cache
}

// The errors of the server have no constructor.
func TestVerdicts(t *testing.T) {
	s := serve(t)
	client := redis.NewClient(&redis.Options{Addr: s.Addr().String(), MaxRetries: -1, DisableIdentity: true})
	reply := func(text string, class resil.Class) verdicttest.Case {
		s.reply.Store("-" + text + "\r\n")
		err := client.Get(t.Context(), "k").Err()
		if !errors.As(err, new(redis.Error)) {
			t.Fatalf("%s: %T %v", text, err, err)
		}
		return verdicttest.Case{Name: text, Err: err, Want: resil.Verdict{Class: class}}
	}
	want := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c} }
	cases := []verdicttest.Case{
		reply("LOADING Redis is loading the dataset in memory", resil.Infrastructure),
		reply("READONLY You can't write against a read only replica.", resil.Infrastructure),
		reply("MASTERDOWN Link with MASTER is down", resil.Infrastructure),
		reply("CLUSTERDOWN The cluster is down", resil.Infrastructure),
		reply("NOREPLICAS Not enough good replicas to write.", resil.Infrastructure),
		reply("TRYAGAIN Multiple keys request during rehashing of slot", resil.Infrastructure),
		reply("BUSY Redis is busy running a script.", resil.Infrastructure),
		reply("ERR max number of clients reached", resil.Throttled),
		reply("NOAUTH Authentication required.", resil.SystemFault),
		reply("WRONGPASS invalid username-password pair", resil.SystemFault),
		reply("OOM command not allowed when used memory > 'maxmemory'.", resil.SystemFault),
		reply("MISCONF Redis is configured to save RDB snapshots", resil.SystemFault),
		reply("ERR unknown command", resil.Application),
		reply("WRONGTYPE Operation against a key holding the wrong kind of value", resil.Application),
		reply("NOPERM this user has no permissions", resil.Application),
		reply("NOSCRIPT No matching script.", resil.Application),
		reply("EXECABORT Transaction discarded", resil.Application),
		reply("CROSSSLOT Keys in request don't hash to the same slot", resil.Application),
		{Name: "no such key", Err: redis.Nil, Want: want(resil.Application)},
		{Name: "watched key changed", Err: redis.TxFailedErr, Want: want(resil.Throttled)},
		{Name: "no free connection", Err: redis.ErrPoolTimeout, Want: want(resil.Throttled)},
		{Name: "pool exhausted", Err: redis.ErrPoolExhausted, Want: want(resil.Throttled)},
		{Name: "unknown", Err: errors.New("text")},
	}
	s.reply.Store(hangup)
	cases = append(cases, verdicttest.Case{Name: "hung up", Err: client.Get(t.Context(), "k").Err(), Network: resil.Infrastructure})
	s.Close()
	cases = append(cases, verdicttest.Case{Name: "gone", Err: client.Get(t.Context(), "k").Err(), Network: resil.Infrastructure})
	client.Close()
	cases = append(cases, verdicttest.Case{Name: "closed", Err: client.Get(t.Context(), "k").Err(), Want: want(resil.SystemFault)})
	verdicttest.Errors(t, classifyCacheRedis, cases)
}

func TestDeadServerOpensTheBreakerAndAnAnswerDoesNot(t *testing.T) {
	s := serve(t)
	cache := open(t, s)
	for _, reply := range []string{"$-1\r\n", "-WRONGTYPE text\r\n"} {
		s.reply.Store(reply)
		for range 20 {
			if err := cache.Get(t.Context(), "k").Err(); !errors.As(err, new(redis.Error)) {
				t.Fatal(err)
			}
		}
	}
	stats := cache.Resilience().Stats()
	if state := stats.Breaker("Cache").State; state != resil.StateClosed || stats.Method("Get").Retries != 0 {
		t.Errorf("after answers the breaker is %v, with %d retries", state, stats.Method("Get").Retries)
	}
	s.reply.Store("-LOADING text\r\n")
	if err := cache.Get(t.Context(), "k").Err(); !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("a server that is not ready was not asked again: %v", err)
	}
	var err error
	for range 60 {
		if err = cache.Incr(t.Context(), "k").Err(); errors.Is(err, resil.ErrOpen) {
			return
		}
	}
	t.Errorf("the breaker does not open: %v", err)
}

func TestIncrementIsRepeatedOnlyIfItWasNotSent(t *testing.T) {
	s := serve(t)
	cache := open(t, s)
	s.reply.Store(hangup)
	if err := cache.Incr(t.Context(), "k").Err(); !errors.Is(err, io.EOF) || s.got.Load() != 1 {
		t.Errorf("cut off: %v, got %d times", err, s.got.Load())
	}
	s.Close()
	if err := cache.Incr(t.Context(), "k").Err(); !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("without a server: %v", err)
	}
}

// Go-redis repeats by itself whatever it is told to do.
func TestOwnRetriesOfTheClientRepeatEverything(t *testing.T) {
	s := serve(t)
	client := redis.NewClient(&redis.Options{Addr: s.Addr().String(), DisableIdentity: true})
	defer client.Close()
	s.reply.Store(hangup)
	if err := client.Incr(t.Context(), "k").Err(); err == nil || s.got.Load() != 4 {
		t.Errorf("go-redis has changed: %v, INCR came %d times", err, s.got.Load())
	}
}

// Go-redis dials by itself more often than once.
func TestOwnDialsOfTheClient(t *testing.T) {
	dials := func(retries int) (n int) {
		client := redis.NewClient(&redis.Options{
			MaxRetries: -1, DialerRetries: retries, DialerRetryTimeout: time.Millisecond,
			Dialer: func(context.Context, string, string) (net.Conn, error) {
				n++
				return nil, syscall.ECONNREFUSED
			},
		})
		defer client.Close()
		if err := client.Get(t.Context(), "k").Err(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		return n
	}
	if n := dials(0); n != 5 {
		t.Errorf("go-redis has changed: an attempt dials %d times", n)
	}
	if n := dials(1); n != 1 {
		t.Errorf("go-redis has changed: with DialerRetries: 1 an attempt dials %d times", n)
	}
}
