package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	resilhttp "github.com/resilgen/resilgen/integrations/http"
	resil "github.com/resilgen/resilgen/runtime"
)

// A shop takes orders. It needs three other services.
type shop struct {
	stock    *ResilientStock
	catalog  *ResilientCatalog
	payments *ResilientPayments
	tracer   trace.Tracer

	http *http.Client
	grpc *grpc.ClientConn
}

// newShop makes the clients, all with the same options.
func newShop(at addresses, tracer trace.Tracer, opts ...resil.Option) (s *shop, err error) {
	s = &shop{tracer: tracer, http: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}}
	if s.grpc, err = dialStock(at.stock); err != nil {
		return nil, err
	}
	if s.stock, err = NewResilientStock(healthpb.NewHealthClient(s.grpc), opts...); err != nil {
		return nil, err
	}
	if s.catalog, err = NewResilientCatalog(&httpCatalog{s.http, at.catalogs}, opts...); err != nil {
		return nil, err
	}
	if s.payments, err = NewResilientPayments(&httpPayments{s.http, at.payments}, opts...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *shop) close() {
	s.grpc.Close()
	s.http.CloseIdleConnections()
}

// handler serves POST /orders. Where a guard refuses, it responds 503 or 429 and says for how
// long.
func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /orders", resilhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		ctx, span := s.tracer.Start(r.Context(), "POST /orders", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		receipt, err := s.order(ctx, r.FormValue("tenant"), r.FormValue("item"))
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
			return err
		}
		return json.NewEncoder(w).Encode(receipt)
	}))
	return mux
}

type receipt struct {
	Order string `json:"order"`
	Cents int    `json:"cents"`
}

func (s *shop) order(ctx context.Context, tenant, item string) (*receipt, error) {
	if _, err := s.stock.Check(ctx, &healthpb.HealthCheckRequest{Service: item}); err != nil {
		return nil, err
	}
	cents, err := s.catalog.GetPrice(ctx, tenant, item)
	if err != nil {
		return nil, err
	}
	order := rand.Text()
	if err := s.payments.Charge(ctx, order, cents); err != nil {
		return nil, err
	}
	return &receipt{order, cents}, nil
}
