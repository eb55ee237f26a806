package mongo

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	code := func(name string, code int32, class resil.Class) verdicttest.Case {
		return verdicttest.Case{Name: name, Err: mongo.CommandError{Code: code}, Want: resil.Verdict{Class: class}}
	}
	want := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c} }
	labels := func(labels ...string) []string { return labels }
	concern := &mongo.WriteConcernError{Code: 91}
	duplicate := mongo.WriteError{Code: 11000}
	verdicttest.Errors(t, classifyOrdersMongo, []verdicttest.Case{
		code("host unreachable", 6, resil.Infrastructure),
		code("host not found", 7, resil.Infrastructure),
		code("network timeout", 89, resil.Infrastructure),
		code("shutting down", 91, resil.Infrastructure),
		code("read concern not yet", 134, resil.Infrastructure),
		code("primary stepped down", 189, resil.Infrastructure),
		code("exceeded time limit", 262, resil.Infrastructure),
		code("socket", 9001, resil.Infrastructure),
		code("not writable primary", 10107, resil.Infrastructure),
		code("interrupted at shutdown", 11600, resil.Infrastructure),
		code("interrupted by a change", 11602, resil.Infrastructure),
		code("not primary, no secondary", 13435, resil.Infrastructure),
		code("not primary or secondary", 13436, resil.Infrastructure),
		code("maxTimeMS", 50, resil.Infrastructure),
		code("lock timeout", 24, resil.Throttled),
		code("write conflict", 112, resil.Throttled),
		code("too many requests, Cosmos", 16500, resil.Throttled),
		code("login", 18, resil.SystemFault),
		code("unauthorized", 13, resil.Application),
		code("duplicate", 11000, resil.Application),
		code("bad value", 2, resil.Application),
		{Name: "write conflict in a transaction", Err: mongo.CommandError{Code: 112, Labels: labels("TransientTransactionError")}, Want: want(resil.Throttled), Better: true},
		{Name: "network", Err: mongo.CommandError{Labels: labels("NetworkError"), Wrapped: io.EOF}, Want: want(resil.Infrastructure)},
		{Name: "overload", Err: mongo.CommandError{Code: 2, Labels: labels("SystemOverloadedError")}, Want: want(resil.Throttled)},
		{Name: "code with a label", Err: mongo.CommandError{Code: 2, Labels: labels("RetryableWriteError")}, Want: want(resil.Infrastructure)},
		{Name: "duplicate in a write", Err: mongo.WriteException{WriteErrors: mongo.WriteErrors{duplicate}}, Want: want(resil.Application)},
		{Name: "concern of a write", Err: mongo.WriteException{WriteConcernError: concern, WriteErrors: mongo.WriteErrors{duplicate}}, Want: want(resil.Infrastructure)},
		{Name: "label of a write", Err: mongo.WriteException{Labels: labels("RetryableWriteError")}, Want: want(resil.Infrastructure)},
		{Name: "duplicate in a bulk", Err: mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{{WriteError: duplicate}}}, Want: want(resil.Application)},
		{Name: "concern of a bulk", Err: mongo.BulkWriteException{WriteConcernError: concern}, Want: want(resil.Infrastructure)},
		{Name: "no documents", Err: mongo.ErrNoDocuments, Want: want(resil.Application)},
		{Name: "disconnected", Err: mongo.ErrClientDisconnected, Want: want(resil.SystemFault)},
		{Name: "no server", Err: topology.ServerSelectionError{Wrapped: context.DeadlineExceeded}, Want: resil.Verdict{Class: resil.Infrastructure, Unsent: true}},
		{Name: "no connection", Err: topology.WaitQueueTimeoutError{Wrapped: context.DeadlineExceeded}, Want: resil.Verdict{Class: resil.Throttled, Unsent: true}, Better: true},
		{Name: "connection broke", Err: topology.ConnectionError{Wrapped: io.ErrUnexpectedEOF}, Want: want(resil.Infrastructure)},
		{Name: "program", Err: mongo.ErrNilDocument},
		{Name: "unknown", Err: errors.New("text")},
	})
	err := mongo.CommandError{Labels: labels("RetryableWriteError", "NoWritesPerformed")}
	if v := classifyOrdersMongo(err); v != (resil.Verdict{Class: resil.Infrastructure, Unsent: true}) {
		t.Errorf("a write that was not made is %+v", v)
	}
}

// dead returns a collection of a server that does not listen.
func dead(t *testing.T) *mongo.Collection {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + l.Addr().String() + "/?serverSelectionTimeoutMS=20"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Disconnect(context.Background()) })
	return client.Database("d").Collection("c")
}

func TestWritesAreRepeatedOnlyIfTheyWereNotSent(t *testing.T) {
	w, err := NewResilientOrders(dead(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = w.UpdateOne(ctx, bson.D{}, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}})
	if n := w.Resilience().Stats().Method("UpdateOne").Attempts; n != 3 || !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("UpdateOne: %d attempts, want 3; %v", n, err)
	}
	w.Resilience().Breaker("Orders").Reset()
	_, err = w.InsertOne(ctx, bson.D{})
	if n := w.Resilience().Stats().Method("InsertOne").Attempts; n != 3 || !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("InsertOne: %d attempts, want 3; %v", n, err)
	}
	for range 60 {
		if _, err = w.CountDocuments(resil.NoRetry(ctx), bson.D{}); errors.Is(err, resil.ErrOpen) {
			return
		}
	}
	t.Errorf("the breaker does not open: %v", err)
}

// A collection fails as it is told to.
type collection struct {
	*mongo.Collection
	err error
}

func (c *collection) UpdateOne(context.Context, any, any, ...options.Lister[options.UpdateOneOptions]) (*mongo.UpdateResult, error) {
	return nil, c.err
}

func TestAnswersAndConflictsOpenNoBreaker(t *testing.T) {
	c := &collection{}
	w, err := NewResilientOrders(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, c.err = range []error{
		mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 11000}}},
		mongo.CommandError{Code: 112, Labels: []string{"TransientTransactionError"}},
	} {
		for range 20 {
			if _, err := w.UpdateOne(t.Context(), bson.D{}, bson.D{}); err == nil || errors.Is(err, resil.ErrOpen) {
				t.Fatal(err)
			}
		}
	}
	if n := w.Resilience().Stats().Method("UpdateOne").Retries; n != 0 {
		t.Errorf("%d retries", n)
	}
}

func TestResultTellsWhyNothingWasFound(t *testing.T) {
	w, err := NewResilientOrders(dead(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.FindOne(ctx, bson.D{}).Err(); !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("without a server: %v", err)
	}
	w.Resilience().Breaker("Orders").ForceOpen()
	if err := w.FindOne(ctx, bson.D{}).Decode(&bson.D{}); !errors.Is(err, resil.ErrOpen) {
		t.Errorf("with an open breaker: %v", err)
	}
}
