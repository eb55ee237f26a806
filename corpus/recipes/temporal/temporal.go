// Package temporal guards a client of Temporal.
package temporal

import (
	"context"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

//go:generate go tool resilgen

// Workflows is the part of client.Client that is used.
//
//resil:timeout 30s attempt=10s
//resil:retry 3 initial=1s
//resil:breaker
type Workflows interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	//resil:retry off
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
}
