package instrumentation_test

import (
	"fmt"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	resilgrpc "github.com/resilgen/resilgen/integrations/grpc"
	resilhttp "github.com/resilgen/resilgen/integrations/http"
	resilotel "github.com/resilgen/resilgen/integrations/otel"
)

func Example_http() {
	provider := otel.GetTracerProvider()
	transport, err := resilhttp.NewTransport(
		otelhttp.NewTransport(http.DefaultTransport, otelhttp.WithTracerProvider(resilotel.CountResends(provider))))
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: transport}
	client.CloseIdleConnections()
}

func Example_grpc() {
	guard, err := resilgrpc.New(resilgrpc.Spec{Name: "orders"})
	if err != nil {
		fmt.Println(err)
		return
	}
	provider := otel.GetTracerProvider()
	cc, err := grpc.NewClient("localhost:50051", append(guard.DialOptions(),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(resilotel.NumberAttempts(provider)))),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cc.Close()
}
