package resil

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
)

// What classifying a failure costs, by how its error is known.
func BenchmarkNetwork(b *testing.B) {
	twice := func(err error) error { return fmt.Errorf("store: %w", fmt.Errorf("get: %w", err)) }
	for _, bm := range []struct {
		name string
		err  error
	}{
		{"SQLState", twice(sqlState{code: "40001"})},
		{"unknown", twice(errors.New("odd"))},
		{"status", twice(statusCode(503))},
		{"awsCode", twice(&url.Error{Op: "Get", URL: "https://x", Err: apiError("SlowDown")})},
		{"grpc", twice(grpcError(14))},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Network(bm.err)
			}
		})
	}
}
