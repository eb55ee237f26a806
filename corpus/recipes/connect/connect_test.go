package connect

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

type (
	request  = connect.Request[wrapperspb.Int64Value]
	response = connect.Response[wrapperspb.StringValue]
)

// A names is a client of a server.
type names struct {
	*connect.Client[wrapperspb.Int64Value, wrapperspb.StringValue]
}

func (n names) GetName(ctx context.Context, req *request) (*response, error) {
	return n.CallUnary(ctx, req)
}

func newNames(server *httptest.Server, opts ...connect.ClientOption) names {
	return names{connect.NewClient[wrapperspb.Int64Value, wrapperspb.StringValue](server.Client(), server.URL+"/names.v1.Names/GetName", opts...)}
}

// serve starts a server whose answers are an error.
func serve(t *testing.T, answer error) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(connect.NewUnaryHandler("/names.v1.Names/GetName", func(context.Context, *request) (*response, error) {
		if answer != nil {
			return nil, answer
		}
		return connect.NewResponse(wrapperspb.String(strings.Repeat("x", 100))), nil
	}))
	t.Cleanup(server.Close)
	return server
}

// status starts a server that is none of Connect and answers with an HTTP status.
func status(t *testing.T, code int) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(code)
	}))
	t.Cleanup(server.Close)
	return server
}

// get returns the error of a call.
func get(t *testing.T, n Names) error {
	t.Helper()
	_, err := n.GetName(t.Context(), connect.NewRequest(wrapperspb.Int64(1)))
	return err
}

func later(t *testing.T, code connect.Code) error {
	e := connect.NewError(code, errors.New("later"))
	detail, err := connect.NewErrorDetail(&errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	e.AddDetail(detail)
	return e
}

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled, wait := resil.Verdict{Class: resil.Throttled}, resil.Verdict{Class: resil.Throttled, After: 3 * time.Second}
	var cases []verdicttest.Case
	for code, want := range map[connect.Code]resil.Verdict{
		connect.CodeCanceled:           failure,
		connect.CodeUnknown:            answer,
		connect.CodeInvalidArgument:    answer,
		connect.CodeDeadlineExceeded:   failure,
		connect.CodeNotFound:           answer,
		connect.CodeAlreadyExists:      answer,
		connect.CodePermissionDenied:   answer,
		connect.CodeResourceExhausted:  throttled,
		connect.CodeFailedPrecondition: answer,
		connect.CodeAborted:            throttled,
		connect.CodeOutOfRange:         answer,
		connect.CodeUnimplemented:      answer,
		connect.CodeInternal:           failure,
		connect.CodeUnavailable:        failure,
		connect.CodeDataLoss:           {Class: resil.SystemFault},
		connect.CodeUnauthenticated:    answer,
	} {
		err := get(t, newNames(serve(t, connect.NewError(code, errors.New("text")))))
		cases = append(cases, verdicttest.Case{Name: "server's " + code.String(), Err: err, Want: want})
	}
	header := connect.NewError(connect.CodeResourceExhausted, errors.New("later"))
	header.Meta().Set("Retry-After", "3")
	dead := status(t, 200)
	dead.Close()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, canceled := newNames(serve(t, nil)).GetName(gone, connect.NewRequest(wrapperspb.Int64(1)))
	verdicttest.Errors(t, classifyNamesConnect, append(cases, []verdicttest.Case{
		{Name: "exhausted until", Err: get(t, newNames(serve(t, later(t, connect.CodeResourceExhausted)))), Want: wait},
		{Name: "unavailable until", Err: get(t, newNames(serve(t, later(t, connect.CodeUnavailable)))), Want: wait},
		{Name: "exhausted, by a header", Err: get(t, newNames(serve(t, header))), Want: wait},
		{Name: "a proxy's 503", Err: get(t, newNames(status(t, 503))), Want: failure},
		{Name: "a proxy's 429", Err: get(t, newNames(status(t, 429))), Want: failure},
		{Name: "a proxy's 500", Err: get(t, newNames(status(t, 500))), Want: failure},
		{Name: "a proxy's 502", Err: get(t, newNames(status(t, 502))), Want: failure},
		{Name: "a proxy's 403", Err: get(t, newNames(status(t, 403))), Want: answer},
		{Name: "a proxy's 404", Err: get(t, newNames(status(t, 404))), Want: answer},
		{Name: "too large", Err: get(t, newNames(serve(t, nil), connect.WithReadMaxBytes(10))), Want: answer},
		{Name: "not modified", Err: connect.NewWireError(connect.CodeUnknown, errors.New("not modified")), Want: answer},
		{Name: "dead", Err: get(t, newNames(dead)), Want: failure},
		{Name: "given up", Err: canceled, Network: resil.Unknown},
		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of Connect", Err: errors.New("text")},
	}...))
	verdicttest.TypedNil(t, classifyNamesConnect, error(nilError()))
}

func nilError() *connect.Error { return nil }

// guard guards a client of a server.
func guard(t *testing.T, server *httptest.Server) (*resil.Client, func() error) {
	t.Helper()
	guarded, err := NewResilientNames(newNames(server), verdicttest.Quick("Names"))
	if err != nil {
		t.Fatal(err)
	}
	return guarded.Resilience(), func() error { return get(t, guarded) }
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	server := serve(t, nil)
	server.Close()
	client, call := guard(t, server)
	verdicttest.Dead(t, client, "GetName", call)
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, call := guard(t, serve(t, connect.NewError(connect.CodeNotFound, errors.New("no such name"))))
	verdicttest.Answers(t, client, "GetName", call)
}
