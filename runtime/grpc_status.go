package resil

import "strings"

// GRPCStatus is [GRPCCode] where the message of the status is known too. grpc-go gives some
// errors of the client's own side a code that means another thing when it comes from a
// server, and nothing but their texts (grpc-go 1.85, clientconn.go, rpc_util.go and stream.go)
// tells them apart:
//
//   - RESOURCE_EXHAUSTED because a message is larger than the configured maximum is
//     Application: it is as large the next time;
//   - CANCELLED because the client's connection was closed by its owner is SystemFault.
func GRPCStatus(code uint32, message string) Verdict {
	switch {
	case code == 8 && strings.Contains(message, "message") && strings.Contains(message, "larger than max"):
		return Verdict{Class: Application}
	case code == 1 && strings.Contains(message, "grpc: the client connection is closing"):
		return Verdict{Class: SystemFault}
	}
	return GRPCCode(code)
}
