package resilpage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// An Action is something that somebody did by the page, or tried to.
type Action struct {
	At        time.Time       `json:"at"`
	Who       string          `json:"who"`  // as authorize of [WithActions] says; empty where it refused
	From      string          `json:"from"` // address of the request
	Do        string          `json:"do"`   // force-open, force-close, reset, apply, drop or stop-chaos
	Client    string          `json:"client"`
	Breaker   string          `json:"breaker,omitempty"`
	Key       string          `json:"key,omitempty"`       // of the breaker, as text
	For       float64         `json:"for,omitempty"`       // seconds for which the state is forced; 0: until it is reset
	Overrides resil.Overrides `json:"overrides,omitempty"` // that were to be applied
	Fleet     bool            `json:"fleet,omitempty"`     // in all processes of the client's fleet, and not in this one only
	Reason    string          `json:"reason,omitempty"`    // as the user wrote it
	Error     string          `json:"error,omitempty"`     // why it was refused or has changed nothing; empty if it was done
}

// String says what was done, in a few words.
func (a Action) String() string {
	if a.Fleet {
		a.Fleet = false
		return a.String() + ", in the whole fleet"
	}
	what := a.Client
	if a.Breaker != "" {
		what = "breaker " + a.Breaker
	}
	if a.Key != "" {
		what += " of " + a.Key
	}
	how := "until it is reset"
	if a.For > 0 {
		how = "for " + duration(time.Duration(a.For*float64(time.Second)))
	}
	switch a.Do {
	case "force-open":
		return fmt.Sprintf("force %s open %s", what, how)
	case "force-close":
		return fmt.Sprintf("force %s closed %s", what, how)
	case "reset":
		return "reset " + what
	case "apply":
		return "apply overrides to " + what
	case "drop":
		return "drop the overrides of " + what
	case "stop-chaos":
		return "stop the faults in " + what
	}
	return a.Do + " " + what
}

// logAction writes an action to the log.
func logAction(ctx context.Context, a Action) {
	level, message := slog.LevelWarn, "action on the page"
	if a.Error != "" {
		message = "action on the page refused"
	}
	attrs := []slog.Attr{
		slog.String("event.name", "resil.page.action"), slog.String("action", a.String()), slog.String("do", a.Do),
		slog.String("who", a.Who), slog.String("from", a.From), slog.String("client", a.Client),
	}
	for _, optional := range []slog.Attr{slog.String("breaker", a.Breaker), slog.String("key", a.Key), slog.String("reason", a.Reason), slog.String("error", a.Error)} {
		if optional.Value.String() != "" {
			attrs = append(attrs, optional)
		}
	}
	if a.Fleet {
		attrs = append(attrs, slog.Bool("fleet", true))
	}
	if len(a.Overrides) > 0 {
		attrs = append(attrs, slog.Any("overrides", a.Overrides))
	}
	slog.Default().LogAttrs(ctx, level, message, attrs...)
}

// A record has the last actions.
type record struct {
	mu      sync.Mutex
	actions []Action // newest first
}

const recorded = 20

func (r *record) add(a Action) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actions = slices.Insert(r.actions, 0, a)
	r.actions = r.actions[:min(len(r.actions), recorded)]
}

func (r *record) last() []Action {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Action{}, r.actions...)
}

const (
	maxForm   = 64 << 10 // bytes
	maxForced = 24 * time.Hour
	maxReason = 300 // characters
)

// A refusal is an error with the status of the answer.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// act does what a form asks for, and tells who did it.
func (p *Page) act(w http.ResponseWriter, r *http.Request) {
	if p.options.authorize == nil {
		p.answer(w, r, nil, refuse(http.StatusForbidden, "This page only shows. Its program can allow actions: resilpage.WithActions."))
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		const text = "The request comes from another site."
		p.audit(r.Context(), Action{At: time.Now(), From: r.RemoteAddr, Error: text})
		p.answer(w, r, nil, refuse(http.StatusForbidden, text))
		return
	}
	if typ, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); typ != "application/x-www-form-urlencoded" {
		p.answer(w, r, nil, refuse(http.StatusUnsupportedMediaType, "Send a form: Content-Type application/x-www-form-urlencoded."))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		p.answer(w, r, nil, refuse(http.StatusBadRequest, "The form cannot be read: %v", err))
		return
	}
	a := &Action{At: time.Now(), From: r.RemoteAddr, Do: shorten(r.PostFormValue("do"), 20), Reason: shorten(r.PostFormValue("reason"), maxReason)}
	p.sampler.touch()
	if _, err := p.sampler.current(r.Context()); err != nil { // gives clients their IDs
		return
	}
	told := false
	defer func() {
		if !told { // the function that says who may act panics, or has ended the goroutine
			a.Error = "Nobody could say whether this is allowed: the function of WithActions did not return."
			p.audit(r.Context(), *a)
		}
	}()
	err := p.do(r, a)
	told = true
	if err != nil {
		a.Error = err.Error()
	} else {
		p.record.add(*a)
		p.sampler.stale()
	}
	p.audit(r.Context(), *a)
	p.answer(w, r, a, err)
}

// audit tells of an action. What comes of it does not change the answer.
func (p *Page) audit(ctx context.Context, a Action) {
	defer func() { recover() }()
	p.options.audit(ctx, a)
}

// do does what the form of r asks for, and completes a.
func (p *Page) do(r *http.Request, a *Action) error {
	id, named := r.PostFormValue("client"), r.PostFormValue("named")
	client := p.sampler.find(id, named)
	if client != nil {
		a.Client = nameOf(client)
	}
	who, err := p.options.authorize(r)
	if err != nil {
		return refuse(http.StatusForbidden, "You may not act: %s", p.printer.error(err))
	}
	a.Who = shorten(who, maxKey)
	if client == nil {
		return refuse(http.StatusNotFound, "There is no client %q now: load the page again.", shorten(id, 20))
	}
	if named != "" && named != a.Client {
		return refuse(http.StatusConflict, "The program has started again since this page was loaded: load it again.")
	}
	if r.PostFormValue("confirm") != "yes" {
		return refuse(http.StatusBadRequest, "Tick the box that confirms it.")
	}
	if err := where(r, client, a); err != nil {
		return err
	}
	p.acting.Lock()
	defer p.acting.Unlock()
	switch a.Do {
	case "force-open", "force-close", "reset":
		return p.force(r, client, a)
	case "apply", "drop":
		return p.override(r, client, a)
	case "stop-chaos":
		client.StopChaos()
		return nil
	}
	return refuse(http.StatusBadRequest, "There is no action %q: write force-open, force-close, reset, apply, drop or stop-chaos.", a.Do)
}

// force forces or resets a breaker.
func (p *Page) force(r *http.Request, client *resil.Client, a *Action) error {
	name := r.PostFormValue("breaker")
	stats := client.Stats()
	i := slices.IndexFunc(stats.Breakers, func(b resil.BreakerStats) bool { return b.Name == name })
	if i < 0 {
		return refuse(http.StatusNotFound, "%s has no circuit breaker %q.", a.Client, shorten(name, maxKey))
	}
	a.Breaker = name
	breaker := client.Breaker(name)
	var key any
	if stats.Breakers[i].Keyed {
		var err error
		key, err = p.heldKey(&stats, name, r.PostFormValue("key"), r.PostFormValue("keytext"))
		if err != nil {
			return err
		}
		a.Key = p.printer.key(key)
		breaker = breaker.For(key)
	}
	var length time.Duration
	if text := r.PostFormValue("for"); text != "" && a.Do != "reset" {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Second || d > maxForced {
			return refuse(http.StatusBadRequest, "A state is forced from 1s to 24h, such as 5m, or until it is reset.")
		}
		length, a.For = d, seconds(d)
	}
	if a.Fleet {
		return p.order(r, client, a, key, length)
	}
	switch {
	case a.Do == "reset":
		breaker.Reset()
	case a.Do == "force-open" && length > 0:
		breaker.ForceOpenFor(length)
	case a.Do == "force-open":
		breaker.ForceOpen()
	case length > 0:
		breaker.ForceCloseFor(length)
	default:
		breaker.ForceClose()
	}
	return nil
}

// override applies or drops overrides.
func (p *Page) override(r *http.Request, client *resil.Client, a *Action) error {
	was, now := r.PostForm["was"], client.Overrides()
	if a.Fleet {
		was, now = r.PostForm["wasfleet"], orderedOverrides(client)
	}
	if len(was) > 0 && was[0] != version(now) {
		return refuse(http.StatusConflict, "The overrides of %s have changed since this page was loaded. Look at them, and try again.", a.Client)
	}
	if a.Do == "apply" {
		text := r.PostFormValue("overrides")
		d := json.NewDecoder(strings.NewReader(text))
		if err := d.Decode(&a.Overrides); err != nil {
			return refuse(http.StatusBadRequest, "The overrides are not JSON such as {\"%s\": {\"breaker\": \"open=10s\"}}: %v", a.Client, err)
		}
		if _, err := d.Token(); err != io.EOF {
			return refuse(http.StatusBadRequest, "There is something after the JSON of the overrides.")
		}
		if len(a.Overrides) == 0 {
			return refuse(http.StatusBadRequest, "There are no overrides in it. To have none, drop them.")
		}
	}
	if a.Fleet {
		return p.order(r, client, a, nil, 0)
	}
	if err := client.Apply(a.Overrides); err != nil {
		return refuse(http.StatusUnprocessableEntity, "Nothing was changed. %v", err)
	}
	return nil
}

// version tells overrides from others. No overrides are the same, whether there is a map or
// not.
func version(o map[string]map[string]string) string {
	if len(o) == 0 {
		return "none"
	}
	text, err := json.Marshal(o)
	if err != nil {
		return ""
	}
	return hash(string(text))
}

// answer tells the user what has become of an action; a is nil if it did not come so far.
func (p *Page) answer(w http.ResponseWriter, r *http.Request, a *Action, err error) {
	status, text := http.StatusOK, ""
	if err != nil {
		status, text = http.StatusInternalServerError, err.Error()
		if refused := new(refusal); errors.As(err, &refused) {
			status = refused.status
		}
	}
	if wantsJSON(r) {
		if a == nil {
			a = &Action{At: time.Now(), Error: text}
		}
		writeJSON(w, status, a)
		return
	}
	if err == nil {
		w.Header().Set("Location", "?#record") // relative, as the page may be anywhere
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	if a == nil {
		http.Error(w, text, status)
		return
	}
	state, gone := p.sampler.current(r.Context())
	if gone != nil {
		return
	}
	p.writePage(w, status, view{State: state, Failed: &failed{
		Client: r.PostFormValue("client"), Error: text, Overrides: r.PostFormValue("overrides"),
	}})
}
