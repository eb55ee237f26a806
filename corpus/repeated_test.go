package main

import (
	"strings"
	"testing"
)

// What a first attempt uses up is known by its shape, whatever library it comes from.
func TestParametersOfRealLibrariesThatAreUsedUp(t *testing.T) {
	_, result := generate(t, `package p

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"
)

//resil:retry 3
type Refused interface {
	GetInTx(ctx context.Context, tx pgx.Tx) error
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error)
	PutObject(ctx context.Context, params *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetItem(ctx context.Context, params *s3.HeadObjectInput, opts ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
}
`)
	var messages []string
	for _, d := range result.Diagnostics {
		messages = append(messages, d.Message)
	}
	got := strings.Join(messages, "\n")
	const want = "GetInTx (tx, a pgx.Tx (lost when an attempt fails)), CopyFrom (rows, a pgx.CopyFromSource (read by Next)) " +
		"and PutObject (params, a *s3.PutObjectInput whose field Body is an io.Reader) cannot be retried: " +
		"the first attempt uses up a parameter; write //resil:retry off methods=GetInTx,CopyFrom,PutObject"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A recipe that speaks of the methods of one type knows them where an interface is made
// from that type, too.
func TestRecipesKnowTheTypeThatAnInterfaceIsMadeFrom(t *testing.T) {
	_, result := generate(t, `package p

//resil:interface Indexes from=go.mongodb.org/mongo-driver/v2/mongo.IndexView methods=CreateOne
//resil:retry 3

//resil:interface Health from=google.golang.org/grpc/health/grpc_health_v1.HealthClient methods=Watch
//resil:retry 3

//resil:interface Settings from=github.com/nats-io/nats.go/jetstream.KeyValue methods=Update
//resil:retry 3
`)
	var messages []string
	for _, d := range result.Diagnostics {
		messages = append(messages, d.Message)
	}
	got := strings.Join(messages, "\n")
	const want = "a retry may do twice what Update does, by what is known of the library; " +
		"write //resil:idempotent methods=Update if it is safe to repeat, otherwise //resil:retry off methods=Update (on=unsent in place of off repeats only what has not reached the callee)"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
