package resil

import (
	"context"
	"database/sql/driver"
	"reflect"
)

// asked finds what an error says by its methods. Some types have several of them, so
// all are asked; codes outweigh statuses, and statuses outweigh the rest. The
// comments name types that have them.
func asked(err error) (f finding) {
	if e, ok := err.(interface{ Is(error) bool }); ok {
		switch {
		case e.Is(context.DeadlineExceeded):
			f.found(weightSpecific, Infrastructure)
		case e.Is(context.Canceled):
			f.found(weightCanceled, Unknown)
		case e.Is(driver.ErrBadConn): // go-mssqldb's RetryableError
			f.found(weightSpecific, Infrastructure)
		}
	}
	if e, ok := err.(interface{ SQLState() string }); ok { // pgx, lib/pq
		f.code(SQLState(e.SQLState()))
	}
	if e, ok := err.(interface{ SQLErrorNumber() int32 }); ok { // go-mssqldb
		f.code(SQLServerError(e.SQLErrorNumber()))
	}
	if e, ok := err.(interface {
		ErrorCode() string
		ErrorMessage() string
	}); ok { // smithy's APIError
		f.code(AWSCode(e.ErrorCode()))
	}
	if e, ok := err.(interface{ HasErrorLabel(string) bool }); ok {
		f.labels(e.HasErrorLabel)
	}
	if e, ok := err.(interface{ HTTPStatusCode() int }); ok { // smithy's ResponseError
		f.status(e.HTTPStatusCode(), err)
	} else if e, ok := err.(interface{ StatusCode() int }); ok {
		f.status(e.StatusCode(), err)
	}
	if e, ok := err.(interface{ SafeToRetry() bool }); ok && e.SafeToRetry() {
		// It does not prove that nothing was sent: pgx 5.9 to 5.12 says so too of a
		// connection that broke while it waited for the answer to a statement.
		f.found(weightGeneral, Infrastructure)
	}
	if f.weight < weightGeneral && troubled(err) {
		f.found(weightGeneral, Infrastructure)
	}
	return f
}

// troubled reports whether an error says that something went wrong on the way, and no
// more. One with a method CanceledError wraps context.Canceled if it was a
// cancellation.
func troubled(err error) bool {
	if e, ok := err.(interface{ Timeout() bool }); ok && e.Timeout() { // net.Error, AWS, quic-go
		return true
	}
	if e, ok := err.(interface{ ConnectionError() bool }); ok && e.ConnectionError() { // smithy's RequestSendError
		return true
	}
	if e, ok := err.(interface{ CanceledError() bool }); ok && e.CanceledError() { // smithy, AWS
		return true
	}
	if e, ok := err.(interface{ Temporary() bool }); ok && e.Temporary() { // kafka-go, amqp091
		return true
	}
	e, ok := err.(interface{ IsRetriable() bool }) // neo4j
	return ok && e.IsRetriable()
}

// code adds what a code means, if its table knows it.
func (f *finding) code(v Verdict) {
	if v.Class > Success {
		f.add(finding{v, weightSpecific})
	}
}

// status adds what an HTTP status means. Errors of servers have the same methods,
// often with 500 or 404 as the default, so that only the statuses of overload and of
// gateways count, unless another method shows that err describes a response.
func (f *finding) status(code int, err error) {
	switch code {
	case 408, 429, 502, 503, 504:
	default:
		if _, ok := reflect.TypeOf(err).MethodByName("HTTPResponse"); !ok {
			return
		}
	}
	if v := HTTPStatus(code); v.Class != Success {
		f.add(finding{v, weightStatus})
	}
}

// labels adds what labels of MongoDB mean.
func (f *finding) labels(has func(string) bool) {
	switch {
	case has("SystemOverloadedError"):
		f.found(weightSpecific, Throttled)
	case has("NetworkError"), has("RetryableWriteError"), has("RetryableReadError"), has("TransientTransactionError"):
		f.found(weightSpecific, Infrastructure)
	}
	if has("NoWritesPerformed") {
		f.Unsent = true
	}
}
