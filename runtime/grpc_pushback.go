package resil

import (
	"math"
	"strconv"
	"time"
)

// GRPCPushback says what a gRPC server wants of retries, by the values of the trailer
// grpc-retry-pushback-ms (gRPC proposal A6, "Server Pushback"). It decides no class:
// complete a table by it, as in
//
//		resil.GRPCCode(code).Or(resil.GRPCPushback(trailer.Get("grpc-retry-pushback-ms")))
//
//	  - one number that is not negative is how long to wait, in milliseconds; what is too long
//	    for a time.Duration is the longest one;
//	  - a negative number, a text that is no number of 64 bits, and several values mean that the
//	    call must not be repeated: Final;
//	  - no value says nothing.
func GRPCPushback(values []string) Verdict {
	if len(values) == 0 {
		return Verdict{}
	}
	ms, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || ms < 0 || len(values) > 1 {
		return Verdict{Final: true}
	}
	return Verdict{After: time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond}
}
