package sdk

// 412 is what a standby answers that has not yet got a write. Vault's client repeats it.
var vaultLibrary = &Library{
	Name:  "vault",
	Ident: "Vault",
	Title: "Vault",
	Tried: []string{"github.com/hashicorp/vault/api@v1.23.0"},
	Shown: []string{"github.com/hashicorp/vault/api"},
	Glue: `
import (
	"errors"

	"github.com/hashicorp/vault/api"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Vault by their status.
func classify(err error) resil.Verdict {
	if errors.Is(err, api.ErrSecretNotFound) {
		return resil.Verdict{Class: resil.Application}
	}
	e, ok := errors.AsType[*api.ResponseError](err)
	switch {
	case !ok || e == nil:
		return resil.Verdict{}
	case e.StatusCode == 412: // a standby that is behind
		return resil.Verdict{Class: resil.Throttled}
	}
	return resil.HTTPStatus(e.StatusCode)
}
`,
	Safe: []string{
		"*Status", "*StatusWithContext", "Leader", "LeaderWithContext", "Capabilities*", "AuditHash*", "MountConfig*", "TuneMount*",
		"Unmount*", "Renew*", "Destroy", "Undelete", "RaftAutopilotState*", "RaftAutopilotConfiguration*",
	},
	Unsafe:  []string{"Unwrap*"}, // the token is used up by the first answer
	Retries: Retries{Attempts: 3, Switch: "client.SetMaxRetries(0)"},
	Notes: []string{
		"Vault's client repeats writes too.",
		"Reading from an engine that makes credentials, such as database/creds, makes new ones: write //resil:retry off above such a method, or the lost ones live until their lease ends.",
		"A sealed Vault, and one in maintenance, answers 503; a quota answers 429.",
		"The errors do not say when to come back: the header with it is gone.",
	},
}
