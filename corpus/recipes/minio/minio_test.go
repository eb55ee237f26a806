package minio

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// The client waits after its last attempt too.
func init() { minio.DefaultRetryUnit = time.Millisecond }

// newClient returns a client that asks once for each call.
func newClient(t *testing.T, address string) *minio.Client {
	t.Helper()
	client, err := minio.New(strings.TrimPrefix(address, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4("id", "secret", ""), Region: "us-east-1", MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// serve answers all requests alike and returns its address.
func serve(t *testing.T, status int, code string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		if code != "" {
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>text</Message></Error>", code)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	remove := func(address string) error {
		return newClient(t, address).RemoveObject(t.Context(), "bucket", "object", minio.RemoveObjectOptions{})
	}
	answered := func(status int, code string) error { return remove(serve(t, status, code)) }
	_, statErr := newClient(t, serve(t, 404, "")).StatObject(t.Context(), "bucket", "object", minio.StatObjectOptions{})
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	verdicttest.Errors(t, classifyObjectsMinIO, []verdicttest.Case{
		{Name: "slow down", Err: answered(503, "SlowDown"), Want: throttled},
		{Name: "slow down, reads", Err: answered(503, "SlowDownRead"), Want: throttled},
		{Name: "slow down, writes", Err: answered(503, "SlowDownWrite"), Want: throttled},
		{Name: "throttling, a 400", Err: answered(400, "ThrottlingException"), Want: throttled},
		{Name: "token expired", Err: answered(400, "ExpiredToken"), Want: throttled},
		{Name: "request timeout, a 400", Err: answered(400, "RequestTimeout"), Want: failure},
		{Name: "unavailable", Err: answered(503, "XMinioServerNotInitialized"), Want: failure},
		{Name: "internal", Err: answered(500, "InternalError"), Want: failure},
		{Name: "internal, inside a 200", Err: minio.ErrorResponse{StatusCode: 200, Code: "InternalError"}, Want: failure},
		{Name: "storage full", Err: answered(507, "XMinioStorageFull"), Want: failure},
		{Name: "a proxy without its client", Err: answered(499, ""), Want: failure},
		{Name: "too many requests", Err: answered(429, "Other"), Want: throttled},
		{Name: "not found", Err: answered(404, "NoSuchBucket"), Want: answer},
		{Name: "not found, by its status alone", Err: statErr, Want: answer},
		{Name: "access denied", Err: answered(403, "AccessDenied"), Want: answer},
		{Name: "wrong name", Err: newClient(t, cut.URL).RemoveObject(t.Context(), "!", "", minio.RemoveObjectOptions{})},
		{Name: "nobody knows the code", Err: minio.ErrorResponse{Code: "Other"}},
		{Name: "refused", Err: remove("http://127.0.0.1:1"), Network: resil.Infrastructure},
		{Name: "cut off", Err: remove(cut.URL), Network: resil.Infrastructure},
		{Name: "no error of MinIO", Err: errors.New("text")},
	})
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	client, err := NewResilientObjects(newClient(t, "http://127.0.0.1:1"), verdicttest.Quick("Objects"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "RemoveObject", func() error {
		return client.RemoveObject(t.Context(), "bucket", "object", minio.RemoveObjectOptions{})
	})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientObjects(newClient(t, serve(t, 404, "")))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, client.Resilience(), "StatObject", func() error {
		_, err := client.StatObject(t.Context(), "bucket", "object", minio.StatObjectOptions{})
		return err
	})
}

func TestClientRepeatsAsTheRecipeSays(t *testing.T) {
	verdicttest.Calls(t, "minio", 503, func(address string, stopped bool) {
		options := &minio.Options{Creds: credentials.NewStaticV4("id", "secret", ""), Region: "us-east-1"}
		if stopped {
			options.MaxRetries = 1
		}
		client, err := minio.New(strings.TrimPrefix(address, "http://"), options)
		if err != nil {
			t.Fatal(err)
		}
		client.RemoveObject(t.Context(), "bucket", "object", minio.RemoveObjectOptions{})
	})
}
