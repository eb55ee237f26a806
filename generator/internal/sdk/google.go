package sdk

// An error of a REST API has a status of HTTP, whose meaning the reasons of its items
// refine; gax gives it a status of gRPC too, which says less. What gRPC's recipe knows
// holds for the others.
var googleLibrary = &Library{
	Name:  "google",
	Ident: "Google",
	Title: "Google APIs (gax, googleapi)",
	Tried: []string{"github.com/googleapis/gax-go/v2@v2.27.0", "google.golang.org/api@v0.312.0", "cloud.google.com/go/secretmanager@v1.24.0", "google.golang.org/grpc@v1.85.0"},
	Shown: []string{"cloud.google.com/go/...", "google.golang.org/api/...", "github.com/googleapis/gax-go/..."},
	Glue: `
import (
	"errors"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Google APIs by their reason, then by their status of
// HTTP or gRPC.
func classify(err error) resil.Verdict {
	if errors.Is(err, iterator.Done) {
		return resil.Verdict{Class: resil.Application}
	}
	e, ok := errors.AsType[*apierror.APIError](err)
	if !ok {
		e, ok = apierror.FromError(err)
	}
	if !ok || e == nil {
		return resil.Verdict{}
	}
	v := resil.GoogleReason(e.Reason())
	v.After = max(e.Details().RetryInfo.GetRetryDelay().AsDuration(), 0)
	if h, ok := errors.AsType[*googleapi.Error](err); ok && h != nil {
		for _, item := range h.Errors {
			v = v.Or(resil.GoogleReason(item.Reason))
		}
		return v.Or(resil.HTTPResponse(h.Code, h.Header))
	}
	s := e.GRPCStatus()
	if s.Code() == codes.Unavailable && v.After > 0 {
		return v.Or(resil.Verdict{Class: resil.Throttled})
	}
	return v.Or(resil.GRPCStatus(uint32(s.Code()), s.Message()))
}
`,
	Safe: []string{
		"AccessSecretVersion", "TestIamPermissions", "Asymmetric*", "Mac*", "RawEncrypt", "RawDecrypt",
		"GenerateAccessToken", "GenerateIdToken", "SignBlob", "SignJwt",
		"RunQuery", "RunAggregationQuery", "PartitionQuery", "PartitionRead", "Rollback",
	},
	Unsafe: []string{
		"ReadModifyWriteRow", "Apply", "ApplyBulk", "ApplyReadModifyWrite", // Bigtable and Spanner add
		"ReadWriteTransaction*", // Spanner runs it again
		"Put", "PutMulti",       // of Datastore, where an incomplete key becomes another one each time, and rows of BigQuery
		"Reset", // of a machine
	},
	Tokens:  []string{"RequestId"},
	Retries: Retries{Attempts: -1, Switch: "gax.WithRetry(nil)"},
	Notes: []string{
		"The clients of cloud.google.com/go repeat many of their methods by themselves, without a limit until the context ends.",
		"They set a deadline of their own, often 60s, where the context has none.",
		"A request with a RequestId is done once, however often it arrives.",
		"Sentinel errors such as datastore.ErrNoSuchEntity belong to their package: list them with app=.",
	},
}
