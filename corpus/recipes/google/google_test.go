package google

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2"
	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// api is the error that gax makes of a status with details.
func api(t *testing.T, code codes.Code, text string, details ...protoadapt.MessageV1) error {
	t.Helper()
	s, err := status.New(code, text).WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := apierror.FromError(s.Err())
	if !ok {
		t.Fatalf("no APIError comes of %v", s)
	}
	return e
}

func reason(r string) *errdetails.ErrorInfo { return &errdetails.ErrorInfo{Reason: r} }

func later(d time.Duration) *errdetails.RetryInfo {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(d)}
}

// rest is the error that the clients of google.golang.org/api make of a response: a
// googleapi.Error that wraps gax's.
func rest(code int, header http.Header, body string, items ...googleapi.ErrorItem) error {
	e := &googleapi.Error{Code: code, Header: header, Body: body, Errors: items}
	if inner, ok := apierror.ParseError(e, false); ok {
		e.Wrap(inner)
	}
	return e
}

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	wait := func(d time.Duration) resil.Verdict { return resil.Verdict{Class: resil.Throttled, After: d} }
	final := resil.Verdict{Class: resil.Throttled, Final: true}
	item := func(reason string) googleapi.ErrorItem { return googleapi.ErrorItem{Reason: reason} }
	const limited = `{"error": {"code": 403, "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}]}}`
	const delayed = `{"error": {"code": 429, "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "4s"}]}}`
	verdicttest.Errors(t, classifySecretsGoogle, []verdicttest.Case{
		{Name: "unavailable", Err: api(t, codes.Unavailable, "text"), Want: failure},
		{Name: "unavailable until", Err: api(t, codes.Unavailable, "text", later(2*time.Second)), Want: wait(2 * time.Second), Better: true},
		{Name: "deadline", Err: api(t, codes.DeadlineExceeded, "text"), Want: failure},
		{Name: "internal", Err: api(t, codes.Internal, "text"), Want: failure},
		{Name: "exhausted", Err: api(t, codes.ResourceExhausted, "text"), Want: throttled},
		{Name: "exhausted until", Err: api(t, codes.ResourceExhausted, "text", reason("RATE_LIMIT_EXCEEDED"), later(3*time.Second)), Want: wait(3 * time.Second)},
		{Name: "rate limit as a 403", Err: api(t, codes.PermissionDenied, "text", reason("RATE_LIMIT_EXCEEDED")), Want: throttled, Better: true},
		{Name: "quota", Err: api(t, codes.ResourceExhausted, "text", reason("RESOURCE_QUOTA_EXCEEDED")), Want: final},
		{Name: "too large", Err: api(t, codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)"), Want: answer, Better: true},
		{Name: "conflict", Err: api(t, codes.Aborted, "text"), Want: throttled},
		{Name: "not found", Err: api(t, codes.NotFound, "text"), Want: answer},
		{Name: "permission denied", Err: api(t, codes.PermissionDenied, "text", reason("IAM_PERMISSION_DENIED")), Want: answer},
		{Name: "unknown", Err: api(t, codes.Unknown, "text"), Want: answer},
		{Name: "data loss", Err: api(t, codes.DataLoss, "text"), Want: resil.Verdict{Class: resil.SystemFault}},
		{Name: "a status that gax did not see", Err: status.Error(codes.Unavailable, "text"), Want: failure},
		{Name: "own connection closed", Err: status.Error(codes.Canceled, "grpc: the client connection is closing"), Want: resil.Verdict{Class: resil.SystemFault}, Better: true},

		{Name: "REST, not found", Err: rest(404, nil, ""), Want: answer},
		{Name: "REST, precondition", Err: rest(412, nil, ""), Want: answer},
		{Name: "REST, timeout", Err: rest(408, nil, ""), Want: failure, Better: true},
		{Name: "REST, internal", Err: rest(500, nil, ""), Want: failure},
		{Name: "REST, unavailable", Err: rest(503, nil, ""), Want: failure},
		{Name: "REST, unavailable until", Err: rest(503, http.Header{"Retry-After": {"5"}}, ""), Want: wait(5 * time.Second), Better: true},
		{Name: "REST, too many", Err: rest(429, http.Header{"Retry-After": {"5"}}, ""), Want: wait(5 * time.Second)},
		{Name: "REST, too many, delay in the body", Err: rest(429, nil, delayed), Want: wait(4 * time.Second)},
		{Name: "REST, rate limit", Err: rest(403, nil, "", item("rateLimitExceeded")), Want: throttled, Better: true},
		{Name: "REST, rate limit of a user", Err: rest(403, nil, "", item("userRateLimitExceeded")), Want: throttled, Better: true},
		{Name: "REST, rate limit in the body", Err: rest(403, nil, limited), Want: throttled, Better: true},
		{Name: "REST, quota of the day", Err: rest(403, nil, "", item("dailyLimitExceeded")), Want: final, Better: true},
		{Name: "REST, backend error", Err: rest(403, nil, "", item("backendError")), Want: failure, Better: true},
		{Name: "REST, forbidden", Err: rest(403, nil, "", item("forbidden")), Want: answer},
		{Name: "REST, without gax", Err: &googleapi.Error{Code: 503}, Want: failure},

		{Name: "end of a list", Err: iterator.Done, Want: answer},
		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of Google", Err: errors.New("text")},
	})
}

type server struct {
	secretmanagerpb.UnimplementedSecretManagerServiceServer
	err error
}

func (s server) GetSecret(context.Context, *secretmanagerpb.GetSecretRequest) (*secretmanagerpb.Secret, error) {
	return nil, s.err
}

// serve starts a server whose answers are an error, and returns a guarded client of it
// that does not repeat by itself.
func serve(t *testing.T, answer error) (*ResilientSecrets, func() error, *grpc.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	secretmanagerpb.RegisterSecretManagerServiceServer(s, server{err: answer})
	go s.Serve(l)
	t.Cleanup(s.Stop)
	client, err := secretmanager.NewClient(t.Context(), option.WithEndpoint(l.Addr().String()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	guarded, err := NewResilientSecrets(client, verdicttest.Quick("Secrets"))
	if err != nil {
		t.Fatal(err)
	}
	return guarded, func() error {
		_, err := guarded.GetSecret(t.Context(), &secretmanagerpb.GetSecretRequest{Name: "projects/p/secrets/s"}, gax.WithRetry(nil))
		return err
	}, s
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	client, get, server := serve(t, nil)
	server.Stop()
	verdicttest.Dead(t, client.Resilience(), "GetSecret", get)
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, get, _ := serve(t, status.Error(codes.NotFound, "no such secret"))
	verdicttest.Answers(t, client.Resilience(), "GetSecret", get)
}

// The REST clients make the same errors as the tests above.
func TestErrorsOfRESTClients(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(403)
		fmt.Fprint(w, `{"error": {"code": 403, "message": "slow down", "errors": [{"reason": "rateLimitExceeded", "message": "slow down"}]}}`)
	}))
	defer server.Close()
	client, err := secretmanager.NewRESTClient(t.Context(), option.WithEndpoint(server.URL), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = client.GetSecret(t.Context(), &secretmanagerpb.GetSecretRequest{Name: "projects/p/secrets/s"})
	verdicttest.Errors(t, classifySecretsGoogle, []verdicttest.Case{
		{Name: "rate limit", Err: err, Want: resil.Verdict{Class: resil.Throttled}, Better: true},
	})
}
