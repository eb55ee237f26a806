package resilpage

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// An Option changes a page as it is made: [WithActions], [WithToken], [WithAudit],
// [WithHosts], [WithRedact], [WithStreams], [WithTitle].
type Option func(*options)

type options struct {
	authorize  func(*http.Request) (who string, err error) // nil: no actions
	tokenField bool
	audit      func(context.Context, Action)
	hosts      hosts
	redact     func(string) string
	streams    int
	title      string
}

func newOptions(opts []Option) options {
	o := options{audit: logAction, streams: 100, title: program()}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// WithActions lets those act whom authorize lets pass: force a breaker open or closed, reset
// it, apply and drop overrides. Without it the page only shows.
//
// authorize looks at the session, the certificate or the header of your proxy, and returns who
// it is, for the record, or an error, which the user is shown. It is asked for each action,
// after the page has made sure that it is a POST. Before, [http.CrossOriginProtection] refuses
// what a browser sends from another site. A program that is no browser is not refused, so that
// authorize alone protects against it. It may be called concurrently. WithActions panics if
// authorize is nil.
func WithActions(authorize func(*http.Request) (who string, err error)) Option {
	if authorize == nil {
		panic("resilpage: WithActions(nil): a function must say who may act")
	}
	return func(o *options) { o.authorize, o.tokenField = authorize, false }
}

// WithToken is [WithActions] for those who know a token. Forms ask for it; programs send it as
// Authorization: Bearer. It panics if the token has fewer than 16 characters.
func WithToken(token string) Option {
	if len(token) < 16 {
		panic("resilpage: WithToken: the token has fewer than 16 characters, and could be guessed")
	}
	want := sha256.Sum256([]byte(token))
	authorize := func(r *http.Request) (string, error) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			given = r.PostFormValue("token")
		}
		if given == "" {
			return "", errors.New("the token is missing")
		}
		got := sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return "", errors.New("the token is wrong")
		}
		return "a holder of the token", nil
	}
	return func(o *options) { o.authorize, o.tokenField = authorize, true }
}

// WithAudit calls audit for each action, after it, also for those that were refused, but not
// for forms that cannot be read. Without it, they are written to [log/slog.Default]. It may be
// called concurrently; a panic in it is dropped. Where the function of [WithActions] panics,
// audit gets a refusal and the panic goes on. The context is that of the request.
func WithAudit(audit func(context.Context, Action)) Option {
	return func(o *options) {
		if audit != nil {
			o.audit = audit
		}
	}
}

// WithHosts lists the names under which the page may be asked for, without a port, such as
// ops.example.com or *.example.com. IP addresses and localhost need not be listed. "*" admits
// all names: use it only behind a proxy that checks names or asks who reads. It panics where a
// name has a scheme or a port, or is empty.
func WithHosts(names ...string) Option {
	list := newHosts(names)
	return func(o *options) { o.hosts = append(o.hosts, list...) }
}

// WithRedact has redact change the texts of errors and keys before anybody sees them. It gets
// them without what the page takes out by itself: user and password in URLs, their queries,
// and the values of words such as password= and token=. It may be called concurrently. Where
// it panics, nothing of the text is shown.
func WithRedact(redact func(string) string) Option {
	return func(o *options) { o.redact = redact }
}

// WithStreams changes how many readers may follow the page live at once, 100 without it.
// Others get 503 and the page asks again later. 0 is none: then the page asks for its state
// each two seconds.
func WithStreams(n int) Option {
	return func(o *options) { o.streams = max(n, 0) }
}

// WithTitle says which program the page is of, such as "shop, eu-west-1, pod 7". It stands at
// the top and in the title of the window. Without it, that is the name of the program's file
// and of the host. [WithRedact] changes it too.
func WithTitle(title string) Option {
	return func(o *options) { o.title = title }
}

// program is the name of this program, and of the host that it runs on.
func program() string {
	name := "program"
	if len(os.Args) > 0 && os.Args[0] != "" {
		name = strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	}
	if host, err := os.Hostname(); err == nil {
		name += " on " + host
	}
	return name
}
