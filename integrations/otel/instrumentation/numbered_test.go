package instrumentation_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	grpccodes "google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	resilgrpc "github.com/resilgen/resilgen/integrations/grpc"
	resilhttp "github.com/resilgen/resilgen/integrations/http"
	resilotel "github.com/resilgen/resilgen/integrations/otel"
	resil "github.com/resilgen/resilgen/runtime"
)

// numbers returns the values of an attribute of spans, 0 where they do not have it.
func numbers(spans []sdktrace.ReadOnlySpan, key attribute.Key) (list []int64) {
	for _, s := range spans {
		set := attribute.NewSet(s.Attributes()...)
		v, _ := set.Value(key)
		list = append(list, v.AsInt64())
	}
	return list
}

// otelhttp beneath resilhttp makes a span for each attempt, and they are counted.
func TestRequestsAreCounted(t *testing.T) {
	r, p := newSpans()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer server.Close()
	beneath := new(http.Transport)
	transport, err := resilhttp.NewTransport(otelhttp.NewTransport(beneath, otelhttp.WithTracerProvider(resilotel.CountResends(p))),
		resil.WithOverrides(resil.Overrides{"RoundTripper": {"retry": "initial=1ms"}}))
	if err != nil {
		t.Fatal(err)
	}
	defer beneath.CloseIdleConnections()
	under(t, p, func(ctx context.Context) {
		request, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := (&http.Client{Transport: transport}).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
	})
	spans := r.Ended()
	if got := numbers(spans, "http.response.status_code"); !slices.Equal(got, []int64{502, 502, 200, 0}) {
		t.Fatalf("spans of requests: %v", described(spans))
	}
	if got := numbers(spans, "http.request.resend_count"); !slices.Equal(got, []int64{0, 1, 2, 0}) {
		t.Errorf("resend_count is %v", got)
	}
	for _, s := range spans[:3] {
		if s.Parent().SpanID() != spans[3].SpanContext().SpanID() {
			t.Errorf("%s is not within the caller's span", s.Name())
		}
	}
}

// A health server that is unavailable for its first two calls.
type health struct {
	healthpb.UnimplementedHealthServer
	calls atomic.Int32
}

func (h *health) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if h.calls.Add(1) <= 2 {
		return nil, status.Error(grpccodes.Unavailable, "starting")
	}
	return new(healthpb.HealthCheckResponse), nil
}

// otelgrpc beneath resilgrpc makes a span for each attempt, and they are numbered.
func TestCallsOfGRPCAreNumbered(t *testing.T) {
	r, p := newSpans()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, new(health))
	go server.Serve(listener)
	defer server.Stop()

	policies, err := resil.ParsePolicies("retry 3 initial=1ms")
	if err != nil {
		t.Fatal(err)
	}
	guard, err := resilgrpc.New(resilgrpc.Spec{
		Name:       "health",
		Services:   []*grpc.ServiceDesc{&healthpb.Health_ServiceDesc},
		Policies:   policies,
		Idempotent: []string{"Check", "List"},
	})
	if err != nil {
		t.Fatal(err)
	}
	cc, err := grpc.NewClient(listener.Addr().String(), append(guard.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(resilotel.NumberAttempts(p)))))...)
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	under(t, p, func(ctx context.Context) {
		if _, err := healthpb.NewHealthClient(cc).Check(ctx, new(healthpb.HealthCheckRequest)); err != nil {
			t.Error(err)
		}
	})
	spans := r.Ended()
	if got := numbers(spans, "resil.attempt"); !slices.Equal(got, []int64{0, 2, 3, 0}) {
		t.Errorf("resil.attempt is %v of %v", got, described(spans))
	}
	for _, s := range spans[:3] {
		if s.Name() != "grpc.health.v1.Health/Check" || s.Parent().SpanID() != spans[3].SpanContext().SpanID() {
			t.Errorf("%s is not that of a call within the caller's span", s.Name())
		}
	}
}
