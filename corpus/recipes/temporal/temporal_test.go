package temporal

import (
	"context"
	"errors"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	of := func(code codes.Code) error { return serviceerror.FromStatus(status.New(code, "text")) }
	later, err := status.New(codes.ResourceExhausted, "text").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(2 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Errors(t, classifyWorkflowsTemporal, []verdicttest.Case{
		{Name: "unavailable", Err: of(codes.Unavailable), Want: failure},
		{Name: "internal", Err: of(codes.Internal), Want: failure},
		{Name: "unknown", Err: of(codes.Unknown)},
		{Name: "deadline", Err: of(codes.DeadlineExceeded), Want: failure},
		{Name: "canceled", Err: of(codes.Canceled), Want: failure},
		{Name: "conflict", Err: of(codes.Aborted), Want: throttled},
		{Name: "exhausted", Err: serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "text"), Want: throttled},
		{Name: "busy workflow", Err: serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW, "text"), Want: throttled},
		{Name: "exhausted until", Err: serviceerror.FromStatus(later), Want: resil.Verdict{Class: resil.Throttled, After: 2 * time.Second}},
		{Name: "data loss", Err: of(codes.DataLoss), Want: resil.Verdict{Class: resil.SystemFault}},
		{Name: "not found", Err: serviceerror.NewNotFound("text"), Want: answer},
		{Name: "namespace not found", Err: serviceerror.NewNamespaceNotFound("text"), Want: answer},
		{Name: "already started", Err: serviceerror.NewWorkflowExecutionAlreadyStarted("text", "request", "run"), Want: answer},
		{Name: "invalid", Err: serviceerror.NewInvalidArgument("text"), Want: answer},
		{Name: "permission denied", Err: serviceerror.NewPermissionDenied("text", "reason"), Want: answer},
		{Name: "query failed", Err: serviceerror.NewQueryFailed("text"), Want: answer},
		{Name: "unimplemented", Err: serviceerror.NewUnimplemented("text"), Want: answer},
		{Name: "too large", Err: status.Error(codes.ResourceExhausted, "trying to send message larger than max (5 vs. 4)"), Want: answer, Better: true},

		{Name: "application", Err: temporal.NewApplicationError("text", "kind"), Want: answer},
		{Name: "application, not to be retried", Err: temporal.NewNonRetryableApplicationError("text", "kind", nil), Want: resil.Verdict{Class: resil.Application, Final: true}},
		{Name: "application, with a delay", Err: temporal.NewApplicationErrorWithOptions("text", "kind", temporal.ApplicationErrorOptions{NextRetryDelay: time.Second}), Want: resil.Verdict{Class: resil.Application, After: time.Second}},
		{Name: "a workflow that failed", Err: &temporal.WorkflowExecutionError{}, Want: answer},

		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of Temporal", Err: errors.New("text")},
	})
}

// dial returns a client of a server that is not there.
func dial(t *testing.T) client.Client {
	t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// The SDK repeats by itself until the context ends.
func TestDeadServerOpensTheBreaker(t *testing.T) {
	guarded, err := NewResilientWorkflows(dial(t), resil.WithOverrides(resil.Overrides{"Workflows": {"timeout": "attempt=50ms", "retry": "initial=1ms max=2ms"}}))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, guarded.Resilience(), "CancelWorkflow", func() error {
		return guarded.CancelWorkflow(t.Context(), "workflow", "")
	})
}

// scripted is a client all of whose calls fail.
type scripted struct {
	client.Client
	err error
}

func (s scripted) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return nil, s.err
}

func TestAnswersAreNotRepeated(t *testing.T) {
	guarded, err := NewResilientWorkflows(scripted{err: serviceerror.NewNotFound("no such workflow")})
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, guarded.Resilience(), "DescribeWorkflowExecution", func() error {
		_, err := guarded.DescribeWorkflowExecution(t.Context(), "workflow", "")
		return err
	})
}
