package resilgrpc

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	resil "github.com/resilgen/resilgen/runtime"
)

// A statusError gives an error a status of gRPC.
type statusError struct {
	error
	status *status.Status
}

func (e *statusError) Unwrap() error              { return e.error }
func (e *statusError) GRPCStatus() *status.Status { return e.status }

// withStatus gives an error of a guarded call a status if it has none: a refusal, and the
// end of the caller's context before an attempt.
func withStatus(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	code := codes.Unknown
	switch {
	case errors.Is(err, resil.ErrOpen):
		code = codes.Unavailable
	case errors.Is(err, resil.ErrLimited), errors.Is(err, resil.ErrFull):
		code = codes.ResourceExhausted
	case errors.Is(err, context.DeadlineExceeded): // ErrTimeout too
		code = codes.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	}
	return &statusError{err, status.New(code, err.Error())}
}
