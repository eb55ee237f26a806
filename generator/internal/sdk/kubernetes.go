package sdk

// A status without a code says nothing: fakes and errors of the client's own side make
// such ones. A conflict is an answer: to repeat the same update cannot help.
var kubernetesLibrary = &Library{
	Name:  "kubernetes",
	Ident: "Kubernetes",
	Title: "Kubernetes (client-go, controller-runtime)",
	Tried: []string{"k8s.io/client-go@v0.37.2", "k8s.io/apimachinery@v0.37.2", "sigs.k8s.io/controller-runtime@v0.25.2"},
	Shown: []string{"k8s.io/client-go/...", "k8s.io/api/...", "k8s.io/apimachinery/...", "sigs.k8s.io/controller-runtime/..."},
	Glue: `
import (
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the answers of a Kubernetes API server by their status. One that is
// unavailable and says until when asks for fewer calls.
func classify(err error) resil.Verdict {
	e, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || e == nil || e.ErrStatus.Code == 0 {
		return resil.Verdict{}
	}
	v := resil.HTTPStatus(int(e.ErrStatus.Code))
	if d := e.ErrStatus.Details; d != nil && d.RetryAfterSeconds > 0 && v.Class != resil.Application {
		v.After = time.Duration(d.RetryAfterSeconds) * time.Second
		if e.ErrStatus.Code == 503 {
			v.Class = resil.Throttled
		}
	}
	return v
}
`,
	Safe:    []string{"Watch"}, // opens a stream from the version that the options say
	Unsafe:  []string{"Patch"}, // a JSON patch may add to a list
	Retries: Retries{Attempts: 11},
	Notes: []string{
		"client-go repeats up to 10 times what a server answers with 429, or with 5xx, and a Retry-After; only requests that are built by hand can switch that off.",
		"client-go delays calls on the client's side by rest.Config.QPS and Burst, 5 and 10 a second by default, which counts as the callee's time.",
		"A conflict is an answer: read the object again and repeat the change, as retry.RetryOnConflict does.",
		"A JSON patch that adds to a list does so again when it is repeated: write //resil:idempotent methods=Patch if all patches are merge or apply patches.",
		"The deletion of an object that something makes again under its old name does more when it is repeated.",
	},
}
