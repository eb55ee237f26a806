package sdk

// Codes come first, because they tell a conflict of transactions from a failure, which
// have the same label. A code that only says that the server refused is no more than an
// answer, unless a label says otherwise; resil.Network reads the labels. The driver never
// returns an error of the selection of a server, or of its pool, after it has sent
// something. Both versions of the driver have what the glue uses.
var mongoLibrary = &Library{
	Name:  "mongo",
	Ident: "Mongo",
	Title: "MongoDB",
	Tried: []string{"go.mongodb.org/mongo-driver/v2@v2.10.0", "go.mongodb.org/mongo-driver@v1.17.10"},
	Shown: []string{"go.mongodb.org/mongo-driver/mongo/..."},
	Glue: `
import (
	"errors"

	resil "github.com/resilgen/resilgen/runtime"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

// classify classifies the errors of MongoDB by code, and where that says little, by label.
func classify(err error) resil.Verdict {
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return resil.Verdict{Class: resil.Application}
	case errors.Is(err, mongo.ErrClientDisconnected):
		return resil.Verdict{Class: resil.SystemFault}
	case errors.As(err, new(topology.WaitQueueTimeoutError)):
		return resil.Verdict{Class: resil.Throttled, Unsent: true}
	case errors.As(err, new(topology.ServerSelectionError)):
		return resil.Verdict{Class: resil.Infrastructure, Unsent: true}
	}
	var code int
	var concern *mongo.WriteConcernError
	if e, ok := errors.AsType[mongo.CommandError](err); ok {
		code = int(e.Code)
	} else if e, ok := errors.AsType[mongo.WriteException](err); ok {
		concern = e.WriteConcernError
		if len(e.WriteErrors) > 0 {
			code = e.WriteErrors[0].Code
		}
	} else if e, ok := errors.AsType[mongo.BulkWriteException](err); ok {
		concern = e.WriteConcernError
		if len(e.WriteErrors) > 0 {
			code = e.WriteErrors[0].Code
		}
	}
	if concern != nil {
		code = concern.Code
	}
	v := resil.MongoCode(code)
	if v.Class == resil.Undecided || v.Class == resil.Application {
		v = resil.Network(err).Or(v)
	}
	return v
}

// failedSingleResult makes a result whose Err and Decode return err.
func failedSingleResult(err error) *mongo.SingleResult {
	return mongo.NewSingleResultFromDocument(struct{}{}, err, nil)
}
`,
	Safe: []string{
		"Distinct", "EstimatedDocumentCount", "OpenDownloadStream*",
		"IndexView.CreateOne", "IndexView.CreateMany", // which do nothing where the index exists
	},
	Unsafe: []string{
		"UpdateOne", "UpdateMany", "UpdateByID", "ReplaceOne", "FindOneAnd*", // $inc, $push, or another document that matches
		"BulkWrite", "InsertOne", "InsertMany",
	},
	Retries: Retries{Attempts: 2, Switch: "options.Client().SetRetryReads(false).SetRetryWrites(false)"},
	Notes: []string{
		"A cursor reads further batches after the call: what goes wrong then comes from its Err, and is not guarded.",
		"The driver repeats reads, and writes of one document, once; its own repetition of a write adds nothing twice, ours may.",
		"The driver looks for a server for 30 seconds: set serverSelectionTimeoutMS below the attempt timeout, so that its error says what is wrong.",
		"The driver repeats the function given to WithTransaction by itself, for up to 120 seconds.",
	},
}
