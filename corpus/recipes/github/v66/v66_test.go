package v66

import (
	"testing"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// The glue must meet the types of the major version that stands in the signatures.
func TestVerdicts(t *testing.T) {
	after := time.Minute
	verdicttest.Errors(t, classifyIssuesGitHub, []verdicttest.Case{
		{Name: "secondary limit", Err: secondary{&github.AbuseRateLimitError{RetryAfter: &after}}, Want: resil.Verdict{Class: resil.Throttled, After: time.Minute}},
		{Name: "accepted", Err: &github.AcceptedError{}, Want: resil.Verdict{Class: resil.Application}},
	})
}

// A secondary is an error without the response that its text needs.
type secondary struct{ *github.AbuseRateLimitError }

func (s secondary) Error() string { return "text" }
func (s secondary) Unwrap() error { return s.AbuseRateLimitError }
