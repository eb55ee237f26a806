package resil

import (
	"context"
	"database/sql/driver"
	"errors"
)

// The errors of this file have the methods of other packages' errors, by which Network
// knows them. The comments name the packages.

// text is what all of them read as.
type text string

func (e text) Error() string { return string(e) }

// pgx, lib/pq
type sqlState struct {
	text
	code string
}

func (e sqlState) SQLState() string { return e.code }

// go-mssqldb
type sqlServerError int32

func (e sqlServerError) Error() string         { return "mssql" }
func (e sqlServerError) SQLErrorNumber() int32 { return int32(e) }

// go-mssqldb's RetryableError
type badConn struct{ text }

func (badConn) Is(target error) bool { return target == driver.ErrBadConn }

// net's canceled dials
type canceledDial struct{ text }

func (canceledDial) Is(target error) bool { return target == context.Canceled }

// pgx
type safeToRetry struct {
	error
	safe bool
}

func (e safeToRetry) SafeToRetry() bool { return e.safe }
func (e safeToRetry) Unwrap() error     { return e.error }

// grpc-go's status errors
type (
	grpcError     uint32
	grpcStatus    struct{ code grpcErrorCode }
	grpcErrorCode uint32
)

func (e grpcError) Error() string           { return "rpc error" }
func (e grpcError) GRPCStatus() *grpcStatus { return &grpcStatus{grpcErrorCode(e)} }
func (s *grpcStatus) Code() grpcErrorCode   { return s.code }

// Methods of the same names that are something else.
type (
	grpcOther  struct{ text }
	grpcNil    struct{ text }
	grpcTwo    struct{ text }
	grpcString struct{ text }
)

func (grpcOther) GRPCStatus(detail bool) *grpcStatus      { return &grpcStatus{14} }
func (grpcNil) GRPCStatus() interface{ Code() uint32 }    { return nil }
func (grpcTwo) GRPCStatus() (*grpcStatus, error)          { return &grpcStatus{14}, nil }
func (grpcString) GRPCStatus() interface{ Code() string } { return codeText("14") }

type codeText string

func (c codeText) Code() string { return string(c) }

// smithy's APIError
type apiError string

func (e apiError) Error() string        { return string(e) }
func (e apiError) ErrorCode() string    { return string(e) }
func (e apiError) ErrorMessage() string { return "message" }

// smithy's ResponseError
type responseError struct {
	error
	status int
}

func (e *responseError) HTTPStatusCode() int { return e.status }
func (e *responseError) HTTPResponse() any   { return nil }
func (e *responseError) Unwrap() error       { return e.error }

// AWS's ResponseError, which gets its methods from smithy's
type awsResponseError struct {
	*responseError
	requestID string
}

// slack's StatusCodeError; servers' own errors, too
type httpStatusCode int

func (e httpStatusCode) Error() string       { return "status" }
func (e httpStatusCode) HTTPStatusCode() int { return int(e) }

// kivik, users' own clients
type statusCode int

func (e statusCode) Error() string   { return "status" }
func (e statusCode) StatusCode() int { return int(e) }

// mongo
type labeled []string

func (e labeled) Error() string { return "mongo" }

func (e labeled) HasErrorLabel(label string) bool {
	for _, l := range e {
		if l == label {
			return true
		}
	}
	return false
}

// smithy, AWS, quic-go, kafka-go, amqp091, neo4j
type (
	canceledError   struct{ error }
	connectionError struct{ error }
	timeoutOnly     struct{ error }
	temporaryError  struct{ error }
	retriableError  struct{ error }
)

func (canceledError) CanceledError() bool     { return true }
func (connectionError) ConnectionError() bool { return true }
func (timeoutOnly) Timeout() bool             { return true }
func (temporaryError) Temporary() bool        { return true }
func (retriableError) IsRetriable() bool      { return true }

func (e canceledError) Unwrap() error   { return e.error }
func (e connectionError) Unwrap() error { return e.error }
func (e timeoutOnly) Unwrap() error     { return e.error }
func (e temporaryError) Unwrap() error  { return e.error }
func (e retriableError) Unwrap() error  { return e.error }

// Says no to all that.
type saysNo struct{ text }

func (saysNo) SafeToRetry() bool     { return false }
func (saysNo) CanceledError() bool   { return false }
func (saysNo) ConnectionError() bool { return false }
func (saysNo) Timeout() bool         { return false }
func (saysNo) Temporary() bool       { return false }
func (saysNo) IsRetriable() bool     { return false }

// golang.org/x/net/http2
type (
	http2Code        uint32
	http2StreamError struct {
		StreamID uint32
		Code     http2Code
		Cause    error
	}
	http2GoAwayError struct {
		LastStreamID uint32
		ErrCode      http2Code
		DebugData    string
	}
	http2NoError struct {
		A uint32
		B uint32
		C error
	}
)

func (http2StreamError) Error() string { return "stream error" }
func (http2GoAwayError) Error() string { return "GOAWAY" }
func (http2NoError) Error() string     { return "something else" }

// errOdd is known to nobody.
var errOdd = errors.New("odd")
