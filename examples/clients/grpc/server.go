package main

import (
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// A server answers on a loopback port, the same one after each start.
type server struct {
	addr    string
	running *grpc.Server
}

func (s *server) start() error {
	if s.addr == "" {
		s.addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	s.addr = l.Addr().String()
	services := health.NewServer()
	services.SetServingStatus("orders", healthpb.HealthCheckResponse_SERVING)
	s.running = grpc.NewServer()
	healthpb.RegisterHealthServer(s.running, services)
	go s.running.Serve(l)
	return nil
}

func (s *server) stop() { s.running.Stop() }
