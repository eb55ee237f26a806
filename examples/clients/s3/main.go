// Command s3 shows an object store that is busy, fails and recovers.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/resilgen/resilgen/examples/internal/report"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "s3:", err)
		os.Exit(1)
	}
}

// run writes a report to w, and fails if a check of the report does.
func run(w io.Writer) error {
	r := &report.Report{W: w}
	s := newServer()
	defer s.Close()

	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	client := s3.New(s3.Options{
		BaseEndpoint: &s.URL,
		UsePathStyle: true,
		Region:       "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
		}),
		HTTPClient: &http.Client{Transport: transport},
		Retryer:    aws.NopRetryer{}, // the wrapper repeats what may be repeated
	})
	objects, err := NewResilientObjects(client, resil.WithObserver(r.Observe))
	if err != nil {
		return err
	}
	r.Client = objects.Resilience()
	state := func() resil.State { return objects.Resilience().Stats().Breaker("Objects").State }

	r.Section("The store is up")
	err = put(objects, "greeting", "hello")
	r.Check(err == nil, "PutObject greeting: %s", outcome("stored", err))
	text, err := get(objects, "greeting")
	r.Check(err == nil && text == "hello", "GetObject greeting: %s", outcome(text, err))
	_, err = get(objects, "farewell")
	_, missing := errors.AsType[*types.NoSuchKey](err)
	r.Check(missing, "GetObject farewell: it is an answer, and not repeated: %v", err)

	r.Section("It says SlowDown twice: the third attempt gets the object, and the breaker has no reason to open")
	s.set(2, false)
	text, err = get(objects, "greeting")
	r.Check(err == nil && text == "hello", "GetObject greeting: %s", outcome(text, err))
	failures := objects.Resilience().Stats().Breaker("Objects").Failures
	r.Check(failures == 0, "failures that the breaker counts: %d", failures)

	r.Section("It fails: GetObject is repeated, and the fifth failure in a row opens the breaker")
	s.set(0, true)
	_, err = get(objects, "greeting")
	r.Check(errors.Is(err, resil.ErrExhausted), "GetObject greeting: %v", err)
	_, err = get(objects, "greeting")
	r.Check(errors.Is(err, resil.ErrOpen), "GetObject greeting: %v", err)

	r.Section("Calls are refused at once, and told when to come back")
	sent := objects.Resilience().Stats().Method("PutObject").Attempts
	start := time.Now()
	err = put(objects, "greeting", "hello again")
	r.Check(errors.Is(err, resil.ErrOpen), "PutObject greeting, after %s: %v", time.Since(start).Round(time.Millisecond), err)
	sent = objects.Resilience().Stats().Method("PutObject").Attempts - sent
	r.Check(sent == 0, "attempts that went to the store: %d", sent)

	r.Section("The store is back: two probes that are answered close the breaker")
	s.set(0, false)
	if refused, ok := errors.AsType[*resil.Error](err); ok {
		time.Sleep(refused.RetryAfter())
	}
	err = put(objects, "greeting", "hello again")
	r.Check(err == nil, "PutObject greeting: %s; the breaker is %s", outcome("stored", err), state())
	text, err = get(objects, "greeting")
	r.Check(err == nil && text == "hello again" && state() == resil.StateClosed, "GetObject greeting: %s; the breaker is %s", outcome(text, err), state())

	r.Stats(objects.Resilience().Stats())
	return r.Err()
}

func put(objects Objects, key, text string) error {
	_, err := objects.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String("demo"), Key: &key, Body: strings.NewReader(text),
	})
	return err
}

func get(objects Objects, key string) (string, error) {
	out, err := objects.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("demo"), Key: &key})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	return string(text), err
}

// outcome returns the result of a call as text.
func outcome(result string, err error) string {
	if err != nil {
		return err.Error()
	}
	return result
}
