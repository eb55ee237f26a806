// Package v66 guards a client of GitHub of another major version.
package v66

import (
	"context"

	"github.com/google/go-github/v66/github"
)

//go:generate go tool resilgen

// Issues is the part of github.IssuesService that is used.
//
//resil:timeout 2m attempt=10s
//resil:retry 3 max=1m
//resil:breaker
type Issues interface {
	Get(ctx context.Context, owner, repo string, number int) (*github.Issue, *github.Response, error)
	AddLabelsToIssue(ctx context.Context, owner, repo string, number int, labels []string) ([]*github.Label, *github.Response, error)
	//resil:retry off
	CreateComment(ctx context.Context, owner, repo string, number int, comment *github.IssueComment) (*github.IssueComment, *github.Response, error)
}
