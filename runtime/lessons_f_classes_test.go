package resil

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// F2. An HTTP/2 stream that is reset, a connection that goes away and an answer that
// is cut in its status line are of unexported types or of none: twenty dead calls were
// twenty successes.
func TestLessonF2_DeadConnectionsAreFailures(t *testing.T) {
	for _, tt := range []struct {
		name string
		url  string
	}{
		{"reset", serveHTTP2(t, func(conn net.Conn, stream uint32) { writeFrame(conn, frameReset, 0, stream, 2) })},
		{"gone", serveHTTP2(t, func(conn net.Conn, stream uint32) {
			writeFrame(conn, frameGoAway, 0, 0, stream, 0)
			conn.(*net.TCPConn).CloseWrite()
		})},
		{"cut", "http://" + serve(t, func(conn net.Conn) {
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, "HTTP/1.1 20")
			conn.Close()
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p http.Protocols
			p.SetUnencryptedHTTP2(tt.name != "cut")
			p.SetHTTP1(tt.name == "cut")
			transport := &http.Transport{Protocols: &p}
			defer transport.CloseIdleConnections()
			c, m := one(t, breaker(func(*Breaker) {}))
			for range 20 {
				Run(t.Context(), m, func(ctx context.Context) error {
					req, _ := http.NewRequestWithContext(ctx, "GET", tt.url, nil)
					resp, err := (&http.Client{Transport: transport}).Do(req)
					if err == nil {
						resp.Body.Close()
					}
					return err
				})
			}
			if b := c.Stats().Breaker("Store"); b.State != StateOpen || b.Successes != 0 {
				t.Errorf("after 20 dead calls the breaker is %v, with %d successes", b.State, b.Successes)
			}
		})
	}
}

// So is a connection of another protocol that is closed before the answer.
func TestLessonF2_ClosedConnectionsAreFailures(t *testing.T) {
	addr := serve(t, func(conn net.Conn) {
		bufio.NewReader(conn).ReadString('\n')
		conn.Close()
	})
	c, m := one(t, breaker(func(*Breaker) {}))
	for range 20 {
		Run(t.Context(), m, func(ctx context.Context) error {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				return err
			}
			defer conn.Close()
			io.WriteString(conn, "GET k\r\n")
			_, err = bufio.NewReader(conn).ReadString('\n')
			return err // io.EOF
		})
	}
	if b := c.Stats().Breaker("Store"); b.State != StateOpen {
		t.Errorf("after 20 calls that were cut off the breaker is %v, with %d successes", b.State, b.Successes)
	}
}

// F9. A cancellation that comes out of a shared flight, while this caller waits, closed
// a half-open breaker.
func TestLessonF9_ForeignCancellationsProveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(*Breaker) {}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range 10 * testBreaker.Probes {
			Run(t.Context(), m, func(context.Context) error { return fmt.Errorf("flight: %w", context.Canceled) })
		}
		wantState(t, c, StateHalfOpen)
	})
}

// F13. An answer that the program declares was retried when it came a moment late.
func TestLessonF13_LateAnswersStayAnswers(t *testing.T) {
	errGone := errors.New("gone")
	declared := func(_ *Spec, m *MethodSpec) {
		m.Classify = []Classifier{func(err error) Verdict {
			if errors.Is(err, errGone) {
				return Verdict{Class: Application}
			}
			return Verdict{}
		}}
	}
	late := func(calls *int, err error) func(context.Context) error {
		return func(context.Context) error { *calls++; time.Sleep(time.Second + time.Millisecond); return err }
	}
	synctest.Test(t, func(t *testing.T) {
		var calls int
		c, m := one(t, all(timeouts(0, time.Second), retry(func(*Retry) {}), declared))
		if err := Run(t.Context(), m, late(&calls, errGone)); err != errGone || calls != 1 {
			t.Errorf("after its attempt timeout: %v after %d calls, want the answer after one", err, calls)
		}
		if m.FallsBack(t.Context(), errGone) {
			t.Error("a late answer calls the fallback")
		}
		calls = 0
		if err := Run(t.Context(), m, late(&calls, errors.New("slow"))); !errors.Is(err, ErrTimeout) || calls != 3 {
			t.Errorf("%v after %d calls: what is not declared is a timeout", err, calls)
		}
		calls = 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := Run(ctx, m, late(&calls, errGone)); err != errGone {
			t.Errorf("after its caller's deadline: %v, want the answer", err)
		}
		if s := c.Stats().Method("Get"); s.Application != 2 {
			t.Errorf("stats %+v, want 2 answers", s)
		}
	})
}

// F13. A typed nil crashed the classifier.
func TestLessonF13_TypedNilsAreErrors(t *testing.T) {
	for _, null := range []error{(*net.OpError)(nil), (*Error)(nil), (*mark)(nil)} {
		_, m := one(t, all(breaker(func(*Breaker) {}), retry(func(*Retry) {})))
		if err := Run(t.Context(), m, func(context.Context) error { return null }); err != null {
			t.Errorf("%T: got %v, want the callee's own error", null, err)
		}
		m.FallsBack(t.Context(), null)
	}
}

// F16. Errors that nobody knows counted as successes: a server that was down gave 100 of
// 100, closed a half-open breaker and filled the budget.
func TestLessonF16_UnknownErrorsAreNoSuccesses(t *testing.T) {
	down := func(context.Context) error { return errors.New("rpc error: code = Unavailable") }
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(*Breaker) {}))
		for range 100 {
			Run(t.Context(), m, down)
		}
		if b := c.Stats().Breaker("Store"); b.Successes != 0 {
			t.Errorf("%d successes of a server that is down", b.Successes)
		}
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range 10 * testBreaker.Probes {
			Run(t.Context(), m, down)
		}
		wantState(t, c, StateHalfOpen)
	})
}
