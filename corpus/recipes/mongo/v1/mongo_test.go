package mongov1

import (
	"context"
	"errors"
	"io"
	"testing"

	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/x/mongo/driver/topology"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// The same glue serves both versions of the driver.
func TestVerdicts(t *testing.T) {
	want := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c} }
	verdicttest.Errors(t, classifyOrdersMongo, []verdicttest.Case{
		{Name: "not writable primary", Err: mongo.CommandError{Code: 10107}, Want: want(resil.Infrastructure)},
		{Name: "write conflict", Err: mongo.CommandError{Code: 112, Labels: []string{"TransientTransactionError"}}, Want: want(resil.Throttled), Better: true},
		{Name: "network", Err: mongo.CommandError{Labels: []string{"NetworkError"}, Wrapped: io.EOF}, Want: want(resil.Infrastructure)},
		{Name: "duplicate", Err: mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 11000}}}, Want: want(resil.Application)},
		{Name: "concern", Err: mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 91}}, Want: want(resil.Infrastructure)},
		{Name: "bulk", Err: mongo.BulkWriteException{WriteConcernError: &mongo.WriteConcernError{Code: 91}}, Want: want(resil.Infrastructure)},
		{Name: "no documents", Err: mongo.ErrNoDocuments, Want: want(resil.Application)},
		{Name: "disconnected", Err: mongo.ErrClientDisconnected, Want: want(resil.SystemFault)},
		{Name: "no server", Err: topology.ServerSelectionError{Wrapped: topology.ErrServerSelectionTimeout}, Want: resil.Verdict{Class: resil.Infrastructure, Unsent: true}},
		{Name: "no connection", Err: topology.WaitQueueTimeoutError{Wrapped: context.DeadlineExceeded}, Want: resil.Verdict{Class: resil.Throttled, Unsent: true}, Better: true},
		{Name: "unknown", Err: errors.New("text")},
	})
}
