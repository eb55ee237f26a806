package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resilgen/resilgen/generator"
)

// A request of the AWS SDK is copied, a protocol buffer is cloned: go vet accepts both.
func TestTokensOfRealRequests(t *testing.T) {
	const source = `package p

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"google.golang.org/grpc"
	health "google.golang.org/grpc/health/grpc_health_v1"
)

//resil:retry 3
//resil:idempotent token=in.Service
type Health interface {
	Check(ctx context.Context, in *health.HealthCheckRequest, opts ...grpc.CallOption) (*health.HealthCheckResponse, error)
}

//resil:interface Tables from=dynamodb.Client methods=TransactWriteItems,GetItem
//resil:retry 3
//resil:idempotent token=params.ClientRequestToken methods=TransactWriteItems

var _ dynamodb.Client
`
	c, result := generate(t, source)
	for _, d := range result.Diagnostics {
		t.Error(d)
	}
	c.compile(t.Context())
	for _, failure := range c.failures {
		t.Error(failure)
	}
	output, err := os.ReadFile(filepath.Join(c.folder, "p", "p_resil.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"sent = proto.Clone(in).(*health.HealthCheckRequest)",
		"withToken := *params",
		"c.next.TransactWriteItems(ctx, sent, optFns...)",
	} {
		if !strings.Contains(string(output), want) {
			t.Errorf("the output has no %s:\n%s", want, output)
		}
	}
}

// generate runs the generator on a package in a module of its own.
func generate(t *testing.T, source string) (*corpus, *generator.Result) {
	t.Helper()
	c := &corpus{folder: t.TempDir()}
	if err := c.createModule(); err != nil {
		t.Fatal(err)
	}
	if err := c.put("p/p.go", []byte(source)); err != nil {
		t.Fatal(err)
	}
	result, err := generator.Run(t.Context(), generator.Config{Dir: c.folder, Patterns: []string{"./..."}})
	if err != nil {
		t.Fatal(err)
	}
	return c, result
}
