package sdk

// Errors of the service have a method Status, but none by which gRPC would know them. Of
// UNKNOWN, which the SDK repeats by itself, nothing is left but a text. What a workflow or an
// activity ends with is an answer.
var temporalLibrary = &Library{
	Name:  "temporal",
	Ident: "Temporal",
	Title: "Temporal",
	Tried: []string{"go.temporal.io/sdk@v1.51.0", "go.temporal.io/api@v1.64.3", "google.golang.org/grpc@v1.85.0"},
	Shown: []string{"go.temporal.io/sdk/...", "go.temporal.io/api/..."},
	Glue: `
import (
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/status"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Temporal's service by their status, and what a workflow
// ends with as an answer.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[*temporal.ApplicationError](err); ok && e != nil {
		return resil.Verdict{Class: resil.Application, After: e.NextRetryDelay(), Final: e.NonRetryable()}
	}
	if errors.As(err, new(*temporal.WorkflowExecutionError)) {
		return resil.Verdict{Class: resil.Application}
	}
	s, ok := status.FromError(err)
	if e, is := errors.AsType[serviceerror.ServiceError](err); is {
		s, ok = e.Status(), true
	}
	if !ok {
		return resil.Verdict{}
	}
	v := resil.GRPCStatus(uint32(s.Code()), s.Message())
	for _, detail := range s.Proto().GetDetails() {
		v.After = max(v.After, resil.RetryInfo(detail.GetTypeUrl(), detail.GetValue()))
	}
	return v
}
`,
	Safe: []string{
		"RecordActivityHeartbeat*", "RecordActivityTaskHeartbeat*", "RecordWorkerHeartbeat",
		"CompleteActivity*", "RespondActivityTask*", "RespondWorkflowTask*", "RespondNexusTask*", "RespondQueryTaskCompleted", // a task completes once
	},
	Unsafe: []string{
		"UpdateWorkflow", "UpdateWorkflowExecution", "UpdateWithStartWorkflow", // runs the handler again, unless an UpdateID tells that it is the same
		"ResetWorkflowExecution", // starts another run
		"ResetActivity",          // counts its attempts again
	},
	Tokens:  []string{"RequestId", "UpdateID"},
	Retries: Retries{Attempts: -1},
	Notes: []string{
		"The SDK repeats most calls by itself until the context ends, or for a minute where it has no deadline; nothing switches that off.",
		"ExecuteWorkflow starts another run when it is repeated, unless its options have an ID and a WorkflowIDReusePolicy that rejects duplicates.",
		"A RESOURCE_EXHAUSTED wants a longer wait than other errors: use a larger initial=.",
	},
}
