package outlive

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/resilgen/resilgen/generator"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestTheWrappersAreUpToDate(t *testing.T) {
	before, err := os.ReadFile("clients_resil.go")
	if err != nil {
		t.Fatal(err)
	}
	result, err := generator.Run(t.Context(), generator.Config{Patterns: []string{"."}})
	if err != nil || len(result.Diagnostics) > 0 {
		t.Fatal(err, result.Diagnostics)
	}
	after, err := os.ReadFile("clients_resil.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(after) != string(before) {
		t.Error("clients_resil.go was out of date, and has been generated again")
	}
}

// A listener accepts what dial connects, in memory.
type listener struct {
	conns chan net.Conn
	done  chan bool
}

func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l listener) Close() error { close(l.done); return nil }

func (l listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

func (l listener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A server answers the first watch as its script says: a pause before each answer.
type server struct {
	healthpb.UnimplementedHealthServer
	pause   time.Duration
	answers int
	end     error
}

func (s *server) Watch(_ *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	for range s.answers {
		select {
		case <-time.After(s.pause):
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
		if err := stream.Send(&healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}); err != nil {
			return err
		}
		s.pause = time.Minute
	}
	return s.end
}

func watch(t *testing.T, s *server, test func(t *testing.T, c *ResilientHealth)) {
	synctest.Test(t, func(t *testing.T) {
		l := listener{make(chan net.Conn), make(chan bool)}
		srv := grpc.NewServer()
		healthpb.RegisterHealthServer(srv, s)
		go srv.Serve(l)
		defer srv.Stop()
		conn, err := grpc.NewClient("passthrough:memory", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry(),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.dial(ctx) }))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		test(t, resil.Must(NewResilientHealth(healthpb.NewHealthClient(conn))))
	})
}

func wantState(t *testing.T, c *resil.Client, name string, want resil.State, failures uint64) {
	t.Helper()
	s := c.Stats()
	if got := s.Breaker(name).State; got != want {
		t.Errorf("the breaker is %v, want %v", got, want)
	}
	n := uint64(0)
	for _, m := range s.Methods {
		n += m.StreamFailures
	}
	if n != failures {
		t.Errorf("%d stream failures, want %d", n, failures)
	}
}

func TestAStreamGoesOnAfterTheTimeout(t *testing.T) {
	watch(t, &server{pause: time.Second / 2, answers: 4}, func(t *testing.T, c *ResilientHealth) {
		stream, err := c.Watch(t.Context(), new(healthpb.HealthCheckRequest))
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if m, err := stream.Recv(); err != nil || m.GetStatus() != healthpb.HealthCheckResponse_SERVING {
				t.Fatalf("got %v, %v", m, err)
			}
		}
		if _, err := stream.Recv(); err != io.EOF {
			t.Errorf("got %v, want io.EOF", err)
		}
		wantState(t, c.Resilience(), "Health", resil.StateClosed, 0)
	})
}

func TestTheFirstMessageCanBeStored(t *testing.T) {
	watch(t, &server{answers: 2}, func(t *testing.T, c *ResilientHealth) {
		stream, err := c.Watch(t.Context(), new(healthpb.HealthCheckRequest))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			m := new(healthpb.HealthCheckResponse)
			if err := stream.RecvMsg(m); err != nil || m.GetStatus() != healthpb.HealthCheckResponse_SERVING {
				t.Fatalf("got %v, %v", m, err)
			}
		}
	})
}

func TestTheFirstAnswerOfAStreamDecides(t *testing.T) {
	watch(t, &server{pause: time.Minute, answers: 1}, func(t *testing.T, c *ResilientHealth) {
		started := time.Now()
		if _, err := c.Watch(t.Context(), new(healthpb.HealthCheckRequest)); !errors.Is(err, resil.ErrTimeout) || time.Since(started) != time.Second {
			t.Errorf("%v after %v, want a timeout after 1s", err, time.Since(started))
		}
		wantState(t, c.Resilience(), "Health", resil.StateOpen, 0)
	})
	watch(t, &server{end: status.Error(codes.PermissionDenied, "no")}, func(t *testing.T, c *ResilientHealth) {
		if _, err := c.Watch(t.Context(), new(healthpb.HealthCheckRequest)); status.Code(err) != codes.PermissionDenied {
			t.Errorf("got %v from the opening", err)
		}
		wantState(t, c.Resilience(), "Health", resil.StateClosed, 0)
	})
}

func TestAStreamThatFailsLaterOpensTheBreaker(t *testing.T) {
	watch(t, &server{answers: 1, end: status.Error(codes.Unavailable, "going away")}, func(t *testing.T, c *ResilientHealth) {
		stream, err := c.Watch(t.Context(), new(healthpb.HealthCheckRequest))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
		wantState(t, c.Resilience(), "Health", resil.StateClosed, 0)
		if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("got %v", err)
		}
		wantState(t, c.Resilience(), "Health", resil.StateOpen, 1)
	})
}

func object(t *testing.T, handle http.HandlerFunc, test func(t *testing.T, c *ResilientObjects)) {
	synctest.Test(t, func(t *testing.T) {
		l := listener{make(chan net.Conn), make(chan bool)}
		srv := &http.Server{Handler: handle}
		go srv.Serve(l)
		defer srv.Close()
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) }}
		defer transport.CloseIdleConnections()
		client := s3.New(s3.Options{
			BaseEndpoint: aws.String("http://s3.invalid"),
			Region:       "eu-west-1",
			UsePathStyle: true,
			Credentials:  aws.AnonymousCredentials{},
			HTTPClient:   &http.Client{Transport: transport},
			Retryer:      aws.NopRetryer{},
		})
		test(t, resil.Must(NewResilientObjects(client)))
	})
}

func TestAnObjectIsReadAfterTheTimeout(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			w.(http.Flusher).Flush()
			time.Sleep(time.Minute)
			io.WriteString(w, "x")
		}
	}
	object(t, slow, func(t *testing.T, c *ResilientObjects) {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(out.Body); string(data) != "xxx" || err != nil {
			t.Errorf("read %q, %v", data, err)
		}
		wantState(t, c.Resilience(), "Objects", resil.StateClosed, 0)
	})
}

func TestAnObjectThatDoesNotComeIsATimeout(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	object(t, hang, func(t *testing.T, c *ResilientObjects) {
		started := time.Now()
		_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
		if !errors.Is(err, resil.ErrTimeout) || time.Since(started) != time.Second {
			t.Errorf("%v after %v, want a timeout after 1s", err, time.Since(started))
		}
		wantState(t, c.Resilience(), "Objects", resil.StateOpen, 0)
	})
}

func TestAnObjectThatBreaksOffOpensTheBreaker(t *testing.T) {
	breaks := func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	object(t, breaks, func(t *testing.T, c *ResilientObjects) {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(out.Body); string(data) != "x" || err == nil {
			t.Errorf("read %q, %v", data, err)
		}
		wantState(t, c.Resilience(), "Objects", resil.StateOpen, 1)
	})
}
