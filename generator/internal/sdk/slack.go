package sdk

// Slack answers most calls with status 200 and a word for what is wrong.
var slackLibrary = &Library{
	Name:  "slack",
	Ident: "Slack",
	Title: "Slack (slack-go)",
	Tried: []string{"github.com/slack-go/slack@v0.35.0"},
	Shown: []string{"github.com/slack-go/slack/..."},
	Glue: `
import (
	"errors"

	"github.com/slack-go/slack"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Slack: its limits, its words for what is wrong, and
// the statuses of other answers.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[*slack.RateLimitedError](err); ok && e != nil {
		return resil.Verdict{Class: resil.Throttled, After: max(e.RetryAfter, 0)}
	}
	if e, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return resil.HTTPStatus(e.Code)
	}
	if e, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		switch e.Err {
		case "ratelimited", "rate_limited":
			return resil.Verdict{Class: resil.Throttled}
		case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
			return resil.Verdict{Class: resil.Infrastructure}
		}
		return resil.Verdict{Class: resil.Application}
	}
	return resil.Verdict{}
}
`,
	Safe: []string{
		"AuthTest*", "JoinConversation*", "OpenConversation*", "PublishView*", "ExportManifest*",
		"Admin*List", "Admin*ListContext", "AdminRolesListAssignments", "AdminTeamsSettingsInfo", "AdminConversations*List*",
		"AdminConversationsSet*", "AdminTeamsSettingsSet*", "AdminConversationsArchive", "AdminConversationsUnarchive", "AdminConversationsDelete",
		"AdminConversationsRemoveCustomRetention", "AdminRolesRemoveAssignments", "WorkflowsTriggersPermissionsList", "WorkflowsTriggersPermissionsSet",
		"CloseConversation*", "EndDND*", "EndSnooze*", "KickUserFromConversation*", "RenameConversation*", "UnArchiveConversation*", "AdminConversationsGet*", "AdminConversationsSearch", "AdminConversationsLookup",
		"WorkflowsFeaturedList", "WorkflowsFeaturedSet",
	},
	Unsafe: []string{"EditCanvas*", "UpdateListItems*"}, // may insert
	Notes: []string{
		"Slack has no token against a second message: a PostMessage whose answer was lost may have been posted.",
		"An internal_error may have done a part of what was asked for.",
	},
}
