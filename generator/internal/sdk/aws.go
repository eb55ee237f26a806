package sdk

// The code of an error says more than the status of its response, so it comes first, but
// for a response that says when to come back. The SDK has a type for each code, which
// resil.Network knows by their methods.
var awsLibrary = &Library{
	Name:  "aws",
	Ident: "AWS",
	Title: "AWS (aws-sdk-go-v2)",
	Tried: []string{
		"github.com/aws/aws-sdk-go-v2@v1.48.0", "github.com/aws/smithy-go@v1.28.9",
		"github.com/aws/aws-sdk-go-v2/service/s3@v1.114.8", "github.com/aws/aws-sdk-go-v2/service/dynamodb@v1.73.1",
		"github.com/aws/aws-sdk-go-v2/service/sqs@v1.53.0", "github.com/aws/aws-sdk-go-v2/service/lambda@v1.114.4",
	},
	Shown: []string{"github.com/aws/aws-sdk-go-v2/..."},
	Glue: `
import (
	"errors"

	"github.com/aws/smithy-go/transport/http"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of AWS by their code, which resil.Network reads, and by
// the status and header of their response. It leaves those without a response.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[interface {
		error
		RetryableError() bool
	}](err); ok && e.RetryableError() { // the clock was wrong, and the SDK has set it right
		return resil.Verdict{Class: resil.Throttled}
	}
	e, ok := errors.AsType[*http.ResponseError](err)
	if !ok || e == nil || e.Response == nil || e.Response.StatusCode == 0 {
		return resil.Verdict{}
	}
	v := resil.HTTPResponse(e.Response.StatusCode, e.Response.Header)
	if v.Class == resil.Throttled {
		return v
	}
	return resil.Network(err).Or(v)
}
`,
	Safe: []string{
		// What answers with something new each time and keeps nothing.
		"AssumeRole*", "AssumeRoot", "DecodeAuthorizationMessage", "CreateSession",
		"GenerateDataKey*", "GenerateMac", "GenerateRandom", "Sign", "Verify", "VerifyMac", "ReEncrypt",
		// What reads.
		"TransactGetItems", "FilterLogEvents", "SimulateCustomPolicy", "SimulatePrincipalPolicy",
		// What sets, or makes what is there already to no effect.
		"BatchWriteItem", "CopyObject", "UploadPartCopy", "CreateBucket", "CreateQueue", "CreateTopic", "CreatePlatformEndpoint",
		"CreateTags", "AddTags", "AddTagsTo*", "StartInstances", "MonitorInstances", "UnmonitorInstances",
		"CompleteMultipartUpload", "AcceptVpc*", "AcceptTransitGateway*", "RejectVpc*", "RejectTransitGateway*", "AdvertiseByoipCidr", "WithdrawByoipCidr",
		"AssociateDhcpOptions", "ExportClientVpn*", "IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod",
	},
	Unsafe: []string{
		"UpdateItem",                                     // ADD, and SET n = n + 1
		"ReceiveMessage",                                 // the messages of a lost answer stay hidden
		"TerminateInstanceInAutoScalingGroup",            // which may lower the number of instances too
		"ReplaceVpnTunnel", "ModifyVpnTunnelCertificate", // which start a replacement each time
	},
	Tokens:  []string{"ClientToken", "ClientRequestToken", "IdempotencyToken", "CreationToken", "CreatorRequestId"},
	Retries: Retries{Attempts: 3, Switch: "config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} })"},
	Notes: []string{
		"The SDK fills an empty token again for each call: three attempts of ours would be three purchases; the generated code sets the same one for all of them.",
		"SendMessage and Publish have a MessageDeduplicationId, which only FIFO queues and topics accept: set it yourself and write //resil:idempotent.",
		"As long as the SDK repeats by itself, an error that says that nothing was sent speaks of its last attempt only.",
		"A batch can succeed in part: look at UnprocessedItems, UnprocessedKeys, Failed and FailedRecordCount, for which nothing is repeated.",
		"A conditional write whose answer was lost fails its condition when it is repeated: ConditionalCheckFailedException can mean that the first attempt succeeded.",
		"Transaction conflicts of DynamoDB are answers: declare throttled=*types.TransactionConflictException to repeat them.",
	},
}
