package sdk

// GitHub tells of a limit that is used up by a 403. Status 202 is an answer: what was
// asked for is being done, and asking again does no more than a caller can decide.
var githubLibrary = &Library{
	Name:  "github",
	Ident: "GitHub",
	Title: "GitHub (go-github)",
	Tried: []string{"github.com/google/go-github/v84@v84.0.0", "github.com/google/go-github/v66@v66.0.0"},
	Shown: []string{"github.com/google/go-github/..."},
	Glue: `
import (
	"errors"
	"time"

	"github.com/google/go-github/v84/github"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of GitHub: its two kinds of limits, with the time when
// they end, and every other answer by its status.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[*github.RateLimitError](err); ok && e != nil {
		return resil.Verdict{Class: resil.Throttled, After: max(time.Until(e.Rate.Reset.Time), 0)}
	}
	if e, ok := errors.AsType[*github.AbuseRateLimitError](err); ok && e != nil {
		return resil.Verdict{Class: resil.Throttled, After: max(e.GetRetryAfter(), 0)}
	}
	if errors.As(err, new(*github.AcceptedError)) || errors.As(err, new(*github.TwoFactorAuthError)) {
		return resil.Verdict{Class: resil.Application}
	}
	if e, ok := errors.AsType[*github.ErrorResponse](err); ok && e != nil && e.Response != nil {
		return resil.HTTPResponse(e.Response.StatusCode, e.Response.Header)
	}
	return resil.Verdict{}
}
`,
	Safe: []string{
		"Code", "Commits", "Issues", "Labels", "Repositories", "Topics", "Users", "Render", "Octocat", "Zen",
		"License", "LicenseStatus", "Settings", "CommitAuthors", "ImportProgress", "LargeFiles", "MigrationStatus",
		"MigrationArchiveURL", "UserMigrationStatus", "UserMigrationArchiveURL", "PackageGetVersion", "PackageGetAllVersions",
		"AddLabelsToIssue", "AddAssignees", "AddCollaborator", "AddTeamMembershipBy*", "AddTeamRepoBy*", "AddSelectedRepoTo*",
		"CreateUpdateEnvironment", "Create*Reaction", "Lock", "Unlock", "PublicizeMembership", "Create*RegistrationToken", "Create*RemoveToken", "GenerateReleaseNotes",
		"AddEnabled*", "AddRepositoryAccessRunnerGroup", "AddRepositorySelfHosted*", "AddRunnerGroupRunners",
		"AddAdminEnforcement", "Add*Restrictions", "*SignaturesOnProtectedBranch", "ConcealMembership",
	},
	Unsafe: []string{"Reset"}, // gives out a new token and ends the old one, with which the second call comes
	Notes: []string{
		"A limit that is used up lasts up to an hour, which is more than a retry waits: the call ends with ErrRetryLater.",
		"go-github itself refuses calls until a limit that it knows of has ended; such a refusal looks like GitHub's own.",
		"An AcceptedError is an answer, which is not repeated; declare throttled=*github.AcceptedError for statistics that GitHub is still computing.",
	},
}
