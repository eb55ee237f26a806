package sdk

// An error that the SDK does not repeat is not repeated here either, whatever its class:
// failed logins, and answers of writes that were cut off. Those that say nothing else are
// failed logins.
var azureLibrary = &Library{
	Name:  "azure",
	Ident: "Azure",
	Title: "Azure (azcore)",
	Tried: []string{
		"github.com/Azure/azure-sdk-for-go/sdk/azcore@v1.24.0", "github.com/Azure/azure-sdk-for-go/sdk/azidentity@v1.14.1",
		"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob@v1.8.3",
	},
	Shown: []string{"github.com/Azure/azure-sdk-for-go/sdk/..."},
	Glue: `
import (
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Azure by their code, then by their response.
func classify(err error) resil.Verdict {
	var v resil.Verdict
	if e, ok := errors.AsType[*azcore.ResponseError](err); ok && e != nil {
		v = resil.AzureCode(e.ErrorCode)
		if e.RawResponse != nil {
			v = v.Or(resil.HTTPResponse(e.StatusCode, e.RawResponse.Header))
		} else {
			v = v.Or(resil.HTTPStatus(e.StatusCode))
		}
	}
	if _, final := errors.AsType[interface {
		error
		NonRetriable()
	}](err); final {
		v = v.Or(resil.Network(err)).Or(resil.Verdict{Class: resil.SystemFault, Final: true})
	}
	return v
}
`,
	Safe: []string{
		"BeginCreateOrUpdate*", "BeginDelete*", "BeginUpdate*", // a poller for the same outcome
		"UploadBuffer", "StageBlock", "StageBlockFromURL", "UploadBlobFromURL", "CopyFromURL", "Undelete", "FilterBlobs", "CommitBlockList", "RenewLease",
		"Sign", "Verify", "WrapKey", "UnwrapKey", "BackupKey", "BackupSecret",
	},
	Unsafe: []string{
		"PatchItem",      // of Cosmos DB, which may increment
		"UpdateMessage",  // of a queue: the receipt is another one afterwards
		"DequeueMessage", // and DequeueMessages: those of a lost answer stay hidden
		"DequeueMessages",
	},
	Retries: Retries{Attempts: 4, Switch: "azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}"},
	Notes: []string{
		"A hint that is longer than the retry's max ends the call, as in the SDK, where that is 60 seconds.",
		"Pagers and pollers ask for each page and each state with calls of their own, which are not guarded.",
		"Service Bus and Event Hubs have errors of their own, which are left to network.",
	},
}
