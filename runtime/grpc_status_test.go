package resil_test

import (
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestGRPCStatusKnowsTheErrorsOfTheClientsSide(t *testing.T) {
	for _, c := range []struct {
		code    uint32
		message string
		want    resil.Class
	}{
		{8, "trying to send message larger than max (5 vs. 4)", resil.Application},
		{8, "grpc: received message larger than max (5 vs. 4)", resil.Application},
		{8, "grpc: received message larger than max length allowed on current machine (5 vs. 4)", resil.Application},
		{8, "grpc: message after decompression larger than max (5 vs. 4)", resil.Application},
		{8, "grpc: received message after decompression larger than max 4", resil.Application},
		{8, "wrapped: rpc error: code = ResourceExhausted desc = trying to send message larger than max (5 vs. 4)", resil.Application},
		{8, "quota", resil.Throttled},
		{8, "more requests than allowed, larger than max", resil.Throttled},
		{8, "", resil.Throttled},
		{14, "trying to send message larger than max (5 vs. 4)", resil.Infrastructure},
		{1, "grpc: the client connection is closing", resil.SystemFault},
		{1, "context canceled", resil.Infrastructure},
		{14, "grpc: the client connection is closing", resil.Infrastructure},
		{5, "no such thing", resil.Application},
		{0, "", resil.Success},
	} {
		if got := resil.GRPCStatus(c.code, c.message); got != (resil.Verdict{Class: c.want}) {
			t.Errorf("code %d with %q is %+v, want %v", c.code, c.message, got, c.want)
		}
	}
}
