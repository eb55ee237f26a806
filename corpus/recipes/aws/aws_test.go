package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

var (
	login      = credentials.NewStaticCredentialsProvider("id", "secret", "")
	answer     = resil.Verdict{Class: resil.Application}
	failure    = resil.Verdict{Class: resil.Infrastructure}
	throttled  = resil.Verdict{Class: resil.Throttled}
	inAMoment  = resil.Verdict{Class: resil.Throttled, After: 1500 * time.Millisecond}
	retryAfter = http.Header{"X-Amz-Retry-After": {"1500"}}
)

// serve answers all requests alike and returns its address.
func serve(t *testing.T, status int, header http.Header, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func newS3(address string, retryer aws.Retryer) *s3.Client {
	return s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &address, UsePathStyle: true, Credentials: login, Retryer: retryer})
}

func newDynamoDB(address string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &address, Credentials: login, Retryer: aws.NopRetryer{}})
}

func TestVerdictsOfS3(t *testing.T) {
	list := func(status int, header http.Header, code string) error {
		body := fmt.Sprintf("<Error><Code>%s</Code><Message>text</Message></Error>", code)
		client := newS3(serve(t, status, header, body), aws.NopRetryer{})
		_, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
		return err
	}
	_, headErr := newS3(serve(t, 404, nil, ""), aws.NopRetryer{}).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	verdicttest.Errors(t, classifyObjectsAWS, []verdicttest.Case{
		{Name: "slow down", Err: list(503, nil, "SlowDown"), Want: throttled},
		{Name: "slow down until", Err: list(503, retryAfter, "SlowDown"), Want: inAMoment},
		{Name: "service unavailable", Err: list(503, nil, "ServiceUnavailable"), Want: failure},
		{Name: "service unavailable until", Err: list(503, retryAfter, "ServiceUnavailable"), Want: inAMoment, Better: true},
		{Name: "internal error", Err: list(500, nil, "InternalError"), Want: failure},
		{Name: "bad gateway", Err: list(502, nil, ""), Want: failure},
		{Name: "request timeout, a 400", Err: list(400, nil, "RequestTimeout"), Want: failure},
		{Name: "too many requests", Err: list(429, nil, "Other"), Want: throttled},
		{Name: "not found", Err: list(404, nil, "NoSuchBucket"), Want: answer},
		{Name: "not found, by its status alone", Err: headErr, Want: answer},
		{Name: "access denied", Err: list(403, nil, "AccessDenied"), Want: answer},
		{Name: "precondition failed", Err: list(412, nil, "PreconditionFailed"), Want: answer},
	})
}

func TestVerdictsOfOtherProtocols(t *testing.T) {
	item := func(code string) error {
		body := fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"text"}`, code)
		client := newDynamoDB(serve(t, 400, http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, body))
		_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("table"), Key: map[string]dynamodbtypes.AttributeValue{}})
		return err
	}
	address := serve(t, 429, http.Header{"X-Amzn-Errortype": {"TooManyRequestsException"}, "Retry-After": {"2"}}, `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}`)
	_, lambdaErr := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: &address, Credentials: login, Retryer: aws.NopRetryer{}}).
		GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")})
	if !errors.As(lambdaErr, new(*lambdatypes.TooManyRequestsException)) {
		t.Errorf("Lambda's error is %v", lambdaErr)
	}
	address = serve(t, 400, nil, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"text"}`)
	_, sqsErr := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &address, Credentials: login, Retryer: aws.NopRetryer{}}).
		GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("q")})
	verdicttest.Errors(t, classifyObjectsAWS, []verdicttest.Case{
		{Name: "throttling, a 400", Err: item("ThrottlingException"), Want: throttled},
		{Name: "throughput exceeded, a 400", Err: item("ProvisionedThroughputExceededException"), Want: throttled},
		{Name: "limit exceeded", Err: item("LimitExceededException"), Want: throttled},
		{Name: "condition failed", Err: item("ConditionalCheckFailedException"), Want: answer},
		{Name: "resource not found", Err: item("ResourceNotFoundException"), Want: answer},
		{Name: "transaction conflict", Err: item("TransactionConflictException"), Want: answer},
		{Name: "Lambda's concurrency used up", Err: lambdaErr, Want: resil.Verdict{Class: resil.Throttled, After: 2 * time.Second}},
		{Name: "no such queue", Err: sqsErr, Want: answer},
	})
}

// What has a code and no response is left to network, which knows the SDK's codes.
func TestVerdictsByCode(t *testing.T) {
	for code := range retry.DefaultThrottleErrorCodes {
		verdicttest.Errors(t, classifyObjectsAWS, []verdicttest.Case{{Name: code, Err: &smithy.GenericAPIError{Code: code}, Network: resil.Throttled}})
	}
	for code := range retry.DefaultRetryableErrorCodes {
		verdicttest.Errors(t, classifyObjectsAWS, []verdicttest.Case{{Name: code, Err: &smithy.GenericAPIError{Code: code}, Network: resil.Infrastructure}})
	}
	for status := range retry.DefaultRetryableHTTPStatusCodes {
		err := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: errors.New("text")}
		verdicttest.Errors(t, classifyObjectsAWS, []verdicttest.Case{{Name: http.StatusText(status), Err: err, Want: failure}})
	}
	verdicttest.Errors(t, classifyObjectsAWS, []verdicttest.Case{
		{Name: "all attempts of the SDK", Err: &retry.MaxAttemptsError{Attempt: 3, Err: &smithy.GenericAPIError{Code: "SlowDown"}}, Network: resil.Throttled},
		{Name: "an item too many", Err: &kinesistypes.ProvisionedThroughputExceededException{}, Network: resil.Throttled},
		{Name: "nobody knows the code", Err: &smithy.GenericAPIError{Code: "Other"}},
		{Name: "no error of AWS", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyObjectsAWS, (*smithy.GenericAPIError)(nil), (*kinesistypes.ResourceNotFoundException)(nil))
}

func TestVerdictsOfConnections(t *testing.T) {
	list := func(ctx context.Context, address string, retryer aws.Retryer) error {
		_, err := newS3(address, retryer).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
		return err
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	verdicttest.Errors(t, classifyObjectsAWS, []verdicttest.Case{
		{Name: "refused", Err: list(t.Context(), gone.URL, aws.NopRetryer{}), Network: resil.Infrastructure},
		{Name: "cut off", Err: list(t.Context(), cut.URL, aws.NopRetryer{}), Network: resil.Infrastructure},
		{Name: "canceled", Err: list(canceled, gone.URL, aws.NopRetryer{}), Network: resil.Unknown},
		{Name: "the host is not there", Err: &smithyhttp.RequestSendError{Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, Network: resil.Infrastructure},
	})
}

// An SDK whose clock is wrong sets it right by the first answer, so that the second attempt
// succeeds.
func TestWrongClockIsTriedAgain(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(time.Hour).UTC()
		w.Header().Set("Date", now.Format(http.TimeFormat))
		if at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date")); err != nil || now.Sub(at).Abs() > 15*time.Minute {
			w.WriteHeader(403)
			io.WriteString(w, "<Error><Code>RequestTimeTooSkewed</Code></Error>")
			return
		}
		io.WriteString(w, "<ListBucketResult/>")
	}))
	defer server.Close()
	next := newS3(server.URL, aws.NopRetryer{})
	_, err := next.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	verdicttest.Errors(t, classifyObjectsAWS, []verdicttest.Case{{Name: "skewed", Err: err, Want: throttled, Better: true}})

	client, err := NewResilientObjects(newS3(server.URL, aws.NopRetryer{}), verdicttest.Quick("Objects"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")}); err != nil {
		t.Error(err)
	}
}

func TestDeadServiceOpensTheBreaker(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	client, err := NewResilientObjects(newS3(gone.URL, aws.NopRetryer{}), verdicttest.Quick("Objects"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "HeadObject", func() error {
		_, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
		return err
	})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientItems(newDynamoDB(serve(t, 400, nil, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}`)))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, client.Resilience(), "GetItem", func() error {
		_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("table"), Key: map[string]dynamodbtypes.AttributeValue{}})
		return err
	})
}

// SlowDown is repeated, and a healthy service that says it is not refused.
func TestSlowDownIsRepeatedAndOpensNothing(t *testing.T) {
	client, err := NewResilientObjects(newS3(serve(t, 503, nil, "<Error><Code>SlowDown</Code></Error>"), aws.NopRetryer{}), verdicttest.Quick("Objects"))
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if _, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")}); err == nil || errors.Is(err, resil.ErrOpen) {
			t.Fatalf("the error is %v", err)
		}
	}
	if m := client.Resilience().Stats().Method("ListObjectsV2"); m.Retries == 0 || m.Throttled != m.Attempts {
		t.Errorf("the stats are %+v", m)
	}
}

// The SDK makes a token for each call: what fails is done once only because all attempts
// have one token, which is not the caller's business.
func TestAttemptsOfOneCallHaveOneToken(t *testing.T) {
	var tokens []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ ClientRequestToken string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		if tokens = append(tokens, body.ClientRequestToken); len(tokens) < 3 {
			w.WriteHeader(500)
		}
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	client, err := NewResilientItems(newDynamoDB(server.URL), verdicttest.Quick("Items"))
	if err != nil {
		t.Fatal(err)
	}
	in := &dynamodb.TransactWriteItemsInput{TransactItems: []dynamodbtypes.TransactWriteItem{}}
	if _, err := client.TransactWriteItems(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if len(tokens) != 3 || tokens[0] == "" || tokens[1] != tokens[0] || tokens[2] != tokens[0] {
		t.Errorf("the tokens are %q", tokens)
	}
	if in.ClientRequestToken != nil {
		t.Errorf("the caller's input has the token %s", *in.ClientRequestToken)
	}
	if _, err := client.TransactWriteItems(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if tokens[3] == tokens[0] {
		t.Error("two calls have one token")
	}
}

func TestSDKRepeatsAsTheRecipeSays(t *testing.T) {
	verdicttest.Calls(t, "aws", 503, func(address string, stopped bool) {
		var retryer aws.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		if stopped {
			retryer = aws.NopRetryer{}
		}
		newS3(address, retryer).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	})
}
