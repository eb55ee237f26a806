package azure

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// serve answers all requests alike and returns a client that asks there, once for each call.
func serve(t *testing.T, status int, header http.Header, cut bool) *azblob.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if cut {
			panic(http.ErrAbortHandler)
		}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL)
}

func newClient(t *testing.T, address string) *azblob.Client {
	t.Helper()
	client, err := azblob.NewClientWithNoCredential(address, &azblob.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func deleteBlob(t *testing.T, c *azblob.Client) error {
	t.Helper()
	_, err := c.DeleteBlob(t.Context(), "container", "blob", nil)
	return err
}

var (
	answer    = resil.Verdict{Class: resil.Application}
	failure   = resil.Verdict{Class: resil.Infrastructure}
	throttled = resil.Verdict{Class: resil.Throttled}
)

func TestVerdicts(t *testing.T) {
	answered := func(status int, code string, header ...string) error {
		h := http.Header{"X-Ms-Error-Code": {code}}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return deleteBlob(t, serve(t, status, h, false))
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, canceledErr := serve(t, 200, nil, false).DeleteBlob(canceled, "container", "blob", nil)
	verdicttest.Errors(t, classifyBlobsAzure, []verdicttest.Case{
		{Name: "busy, a 503", Err: answered(503, "ServerBusy"), Want: throttled},
		{Name: "busy until", Err: answered(503, "ServerBusy", "X-Ms-Retry-After-Ms", "1500"), Want: resil.Verdict{Class: resil.Throttled, After: 1500 * time.Millisecond}},
		{Name: "too many snapshots, a 409", Err: answered(409, "SnapshotOperationRateExceeded"), Want: throttled},
		{Name: "too many requests", Err: answered(429, "TooManyRequests", "Retry-After", "2"), Want: resil.Verdict{Class: resil.Throttled, After: 2 * time.Second}},
		{Name: "unavailable", Err: answered(503, "ServiceUnavailable"), Want: failure},
		{Name: "unavailable until", Err: answered(503, "ServiceUnavailable", "Retry-After", "2"), Want: resil.Verdict{Class: resil.Throttled, After: 2 * time.Second}},
		{Name: "internal", Err: answered(500, "InternalError"), Want: failure},
		{Name: "timeout", Err: answered(500, "OperationTimedOut"), Want: failure},
		{Name: "timeout of the request", Err: answered(408, "RequestTimeout"), Want: failure},
		{Name: "gateway", Err: answered(502, ""), Want: failure},
		{Name: "not found", Err: answered(404, "BlobNotFound"), Want: answer},
		{Name: "login", Err: answered(401, "NoAuthenticationInformation"), Want: answer},
		{Name: "forbidden", Err: answered(403, "AuthorizationFailure"), Want: answer},
		{Name: "conflict", Err: answered(412, "ConditionNotMet"), Want: answer},
		{Name: "without its response", Err: &azcore.ResponseError{StatusCode: 503, ErrorCode: "text"}, Want: failure},

		{Name: "login failed", Err: &azidentity.AuthenticationFailedError{}, Want: resil.Verdict{Class: resil.SystemFault, Final: true}},
		{Name: "no credential", Err: azidentity.NewCredentialUnavailableError("text"), Want: resil.Verdict{Class: resil.SystemFault, Final: true}},

		{Name: "cut off", Err: deleteBlob(t, serve(t, 0, nil, true)), Network: resil.Infrastructure},
		{Name: "refused", Err: deleteBlob(t, newClient(t, "http://127.0.0.1:1")), Network: resil.Infrastructure},
		{Name: "canceled", Err: canceledErr, Network: resil.Unknown},
		{Name: "no error of Azure", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyBlobsAzure, (*azcore.ResponseError)(nil))
}

func TestDeadServiceOpensTheBreaker(t *testing.T) {
	client, err := NewResilientBlobs(newClient(t, "http://127.0.0.1:1"), verdicttest.Quick("Blobs"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "DeleteBlob", func() error {
		_, err := client.DeleteBlob(t.Context(), "container", "blob", nil)
		return err
	})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientBlobs(serve(t, 404, http.Header{"X-Ms-Error-Code": {"BlobNotFound"}}, false))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, client.Resilience(), "DeleteBlob", func() error {
		_, err := client.DeleteBlob(t.Context(), "container", "blob", nil)
		return err
	})
}

func TestSDKRepeatsAsTheRecipeSays(t *testing.T) {
	verdicttest.Calls(t, "azure", 503, func(address string, stopped bool) {
		retry := policy.RetryOptions{MaxRetryDelay: time.Millisecond}
		if stopped {
			retry = policy.RetryOptions{MaxRetries: -1}
		}
		client, err := azblob.NewClientWithNoCredential(address, &azblob.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: retry}})
		if err != nil {
			t.Fatal(err)
		}
		client.DeleteBlob(t.Context(), "container", "blob", nil)
	})
}
