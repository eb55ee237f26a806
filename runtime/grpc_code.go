package resil

import "reflect"

// GRPCCode says what a status code of gRPC means; Connect has the same numbers. It
// follows gRPC's own description of the codes (doc/statuscodes.md of grpc/grpc) and
// what grpc-go makes of broken connections:
//
//   - UNAVAILABLE, DEADLINE_EXCEEDED and INTERNAL are Infrastructure; so is CANCELLED,
//     which without a cancellation of the caller's is a proxy's or a server's;
//   - RESOURCE_EXHAUSTED and ABORTED, a conflict, are Throttled;
//   - DATA_LOSS is SystemFault;
//   - OK is Success, and everything else Application, UNKNOWN among it, which servers
//     in Go give to every error of a handler that is no status.
func GRPCCode(code uint32) Verdict {
	switch code {
	case 0: // OK
		return Verdict{Class: Success}
	case 1, 4, 13, 14: // CANCELLED, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE
		return Verdict{Class: Infrastructure}
	case 8, 10: // RESOURCE_EXHAUSTED, ABORTED
		return Verdict{Class: Throttled}
	case 15: // DATA_LOSS
		return Verdict{Class: SystemFault}
	}
	return Verdict{Class: Application}
}

// grpcCode returns the code of an error that has a method GRPCStatus, whose result
// has a method Code, whatever their types are called.
//
// The names of the methods must be constants here: where one is not, the linker
// keeps every exported method of every type that a program uses.
func grpcCode(err error) (code uint32, ok bool) {
	status, ok := called(reflect.ValueOf(err).MethodByName("GRPCStatus"))
	if !ok || status.Kind() == reflect.Interface && status.IsNil() {
		return 0, false
	}
	c, ok := called(status.MethodByName("Code"))
	if !ok || c.Kind() != reflect.Uint32 {
		return 0, false
	}
	return uint32(c.Uint()), true
}

// called is the result of a method that takes nothing and returns one value.
func called(method reflect.Value) (result reflect.Value, ok bool) {
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return reflect.Value{}, false
	}
	return method.Call(nil)[0], true
}
