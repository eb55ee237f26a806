package sdk

// Generated interfaces of Twirp have none of its types in their signatures, so that a
// directive has to name it.
var twirpLibrary = &Library{
	Name:  "twirp",
	Ident: "Twirp",
	Title: "Twirp",
	Tried: []string{"github.com/twitchtv/twirp@v8.1.3+incompatible"},
	Shown: []string{"github.com/twitchtv/twirp"},
	Glue: `
import (
	"context"
	"errors"
	"strconv"

	"github.com/twitchtv/twirp"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Twirp by their code, and those that a proxy's answer
// has become by its HTTP status.
func classify(err error) resil.Verdict {
	e, ok := errors.AsType[twirp.Error](err)
	if !ok || errors.Is(err, context.Canceled) {
		return resil.Verdict{}
	}
	if e.Meta("http_error_from_intermediary") == "true" {
		if status, err := strconv.Atoi(e.Meta("status_code")); err == nil && status >= 400 {
			return resil.HTTPStatus(status)
		}
	}
	return resil.TwirpCode(string(e.Code()))
}
`,
	Notes: []string{
		"Generated interfaces of Twirp show nothing of it in their signatures: write //resil:classify twirp.",
	},
}
