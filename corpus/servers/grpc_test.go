//go:build linux

package servers

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	grpcrecipe "github.com/resilgen/resilgen/corpus/recipes/grpc"
	resil "github.com/resilgen/resilgen/runtime"
)

// A moody answers a check with the code that the service is named for.
type moody struct {
	*health.Server
	got *atomic.Int64
}

func (m moody) Check(ctx context.Context, in *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	m.got.Add(1)
	if in.Service == "hang" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var code codes.Code
	if code.UnmarshalJSON([]byte(`"`+in.Service+`"`)) == nil {
		return nil, status.Error(code, in.Service)
	}
	return m.Server.Check(ctx, in)
}

func TestGRPC(t *testing.T) {
	service := moody{health.NewServer(), new(atomic.Int64)}
	listen := func(addr string) (*grpc.Server, string) {
		t.Helper()
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		s := grpc.NewServer()
		healthpb.RegisterHealthServer(s, service)
		go s.Serve(l)
		return s, l.Addr().String()
	}
	server, addr := listen("127.0.0.1:0")
	t.Cleanup(func() { server.Stop() })
	kill := func() { server.Stop() }
	restart := func() { server, _ = listen(addr) }

	faulty := newTable(t)
	at := func(addr string) *faults[*grpcrecipe.ResilientHealth] {
		return &faults[*grpcrecipe.ResilientHealth]{t, "Health", func(opts ...resil.Option) (*grpcrecipe.ResilientHealth, func(), error) {
			conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry(),
				grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1, MaxDelay: 10 * time.Millisecond}, MinConnectTimeout: time.Second}))
			if err != nil {
				return nil, nil, err
			}
			c, err := grpcrecipe.NewResilientHealth(healthpb.NewHealthClient(conn), opts...)
			return c, func() { conn.Close() }, err
		}, faulty}
	}
	calls := at(addr)
	check := func(service string) func(*grpcrecipe.ResilientHealth) error {
		return func(c *grpcrecipe.ResilientHealth) error {
			_, err := c.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
			return err
		}
	}
	sees := func(class resil.Class, attempts uint64) sign {
		return sign{method: "Check", class: class, attempts: attempts}
	}
	hasty := sees(resil.Infrastructure, 3)
	hasty.limit = 300 * time.Millisecond

	calls.provoke("no such service", sees(resil.Application, 1), check("missing"))
	calls.answers(check("missing"))
	calls.provoke("exhausted", sees(resil.Throttled, 3), check("RESOURCE_EXHAUSTED"))
	calls.provoke("unavailable", sees(resil.Infrastructure, 3), check("UNAVAILABLE"))
	calls.provoke("internal", sees(resil.Infrastructure, 3), check("INTERNAL"))
	calls.provoke("data loss", sees(resil.SystemFault, 1), check("DATA_LOSS"))
	calls.provoke("hung", hasty, check("hang"))

	between := newProxy(t, addr)
	through := at(between.Listen)
	spoiled := func(fault, toxic string, want sign) {
		t.Helper()
		through.provoke(fault, want, func(c *grpcrecipe.ResilientHealth) (err error) {
			between.with(toxic, func() { err = check("")(c) })
			return err
		})
	}
	spoiled("answer cut off", cutOff, sees(resil.Infrastructure, 3))
	spoiled("reset", reset, sees(resil.Infrastructure, 3))
	spoiled("answer swallowed", swallowed, hasty)
	spoiled("late", late, hasty)

	service.got.Store(0)
	calls.provoke("killed in mid-call", sees(resil.Infrastructure, 3), func(c *grpcrecipe.ResilientHealth) error {
		return during(t, func(context.Context) error {
			if service.got.Load() == 0 {
				return errors.New("the server has no call")
			}
			return nil
		}, kill, func() error { return check("hang")(c) })
	})
	calls.provoke("dead", sees(resil.Infrastructure, 3), check(""))
	restart()
	calls.outage(usual, kill, restart, check(""))
}
