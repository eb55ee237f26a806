package twirp

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/twitchtv/twirp"
	"github.com/twitchtv/twirp/example"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

type hats struct{ err error }

func (h hats) MakeHat(context.Context, *example.Size) (*example.Hat, error) {
	return &example.Hat{}, h.err
}

// serve starts a server whose answers are an error.
func serve(t *testing.T, err error) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(example.NewHaberdasherServer(hats{err}))
	t.Cleanup(server.Close)
	return server
}

// status starts a server that is none of Twirp and answers with an HTTP status.
func status(t *testing.T, code int) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }))
	t.Cleanup(server.Close)
	return server
}

func newHats(server *httptest.Server) Hats {
	return example.NewHaberdasherProtobufClient(server.URL, server.Client())
}

func get(ctx context.Context, h Hats) error {
	_, err := h.MakeHat(ctx, &example.Size{Inches: 7})
	return err
}

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	var cases []verdicttest.Case
	for code, want := range map[twirp.ErrorCode]resil.Verdict{
		twirp.Canceled:           failure,
		twirp.Unknown:            answer,
		twirp.InvalidArgument:    answer,
		twirp.Malformed:          answer,
		twirp.DeadlineExceeded:   failure,
		twirp.NotFound:           answer,
		twirp.BadRoute:           answer,
		twirp.AlreadyExists:      answer,
		twirp.PermissionDenied:   answer,
		twirp.Unauthenticated:    answer,
		twirp.ResourceExhausted:  throttled,
		twirp.FailedPrecondition: answer,
		twirp.Aborted:            throttled,
		twirp.OutOfRange:         answer,
		twirp.Unimplemented:      answer,
		twirp.Internal:           failure,
		twirp.Unavailable:        failure,
		twirp.DataLoss:           {Class: resil.SystemFault},
	} {
		err := get(t.Context(), newHats(serve(t, twirp.NewError(code, "text"))))
		cases = append(cases, verdicttest.Case{Name: "server's " + string(code), Err: err, Want: want})
	}
	dead := status(t, 200)
	dead.Close()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	verdicttest.Errors(t, classifyHatsTwirp, append(cases, []verdicttest.Case{
		{Name: "plain error of a handler", Err: get(t.Context(), newHats(serve(t, errors.New("text")))), Want: failure},
		{Name: "a proxy's 400", Err: get(t.Context(), newHats(status(t, 400))), Want: answer},
		{Name: "a proxy's 403", Err: get(t.Context(), newHats(status(t, 403))), Want: answer},
		{Name: "a proxy's 404", Err: get(t.Context(), newHats(status(t, 404))), Want: answer},
		{Name: "a proxy's 408", Err: get(t.Context(), newHats(status(t, 408))), Want: failure},
		{Name: "a proxy's 429", Err: get(t.Context(), newHats(status(t, 429))), Want: throttled},
		{Name: "a proxy's 500", Err: get(t.Context(), newHats(status(t, 500))), Want: failure},
		{Name: "a proxy's 503", Err: get(t.Context(), newHats(status(t, 503))), Want: failure},
		{Name: "a redirect", Err: get(t.Context(), newHats(status(t, 302))), Want: failure},
		{Name: "dead", Err: get(t.Context(), newHats(dead)), Want: failure},
		{Name: "given up", Err: get(gone, newHats(dead)), Network: resil.Unknown},
		{Name: "no error of Twirp", Err: errors.New("text")},
	}...))
}

// guard guards a client of a server.
func guard(t *testing.T, server *httptest.Server) (*resil.Client, func() error) {
	t.Helper()
	guarded, err := NewResilientHats(newHats(server), verdicttest.Quick("Hats"))
	if err != nil {
		t.Fatal(err)
	}
	return guarded.Resilience(), func() error { return get(t.Context(), guarded) }
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	server := serve(t, nil)
	server.Close()
	client, call := guard(t, server)
	verdicttest.Dead(t, client, "MakeHat", call)
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, call := guard(t, serve(t, twirp.NotFoundError("no such size")))
	verdicttest.Answers(t, client, "MakeHat", call)
}
