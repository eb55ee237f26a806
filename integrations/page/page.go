package resilpage

import (
	"hash/maphash"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Page is a handler that shows the clients of a registry. [New] makes one. It is safe for
// concurrent use.
//
// It serves everything under one path, and may be mounted under any, with or without
// [http.StripPrefix].
type Page struct {
	registry *resil.Registry
	options  options
	printer  printer
	title    string
	seed     maphash.Seed

	closing   sync.Once
	closed    chan struct{}
	streams   atomic.Int64
	sampler   sampler
	publisher publisher
	record    record

	acting sync.Mutex // one action at a time
}

// New returns a page of the clients that registry lists, now and later. A nil registry lists
// none.
func New(registry *resil.Registry, opts ...Option) *Page {
	p := &Page{
		registry: registry,
		options:  newOptions(opts),
		seed:     maphash.MakeSeed(),
		closed:   make(chan struct{}),
	}
	p.printer.redact = p.options.redact
	p.title = p.printer.text(p.options.title, maxKey)
	p.sampler.init(p)
	p.publisher.init()
	return p
}

// Close ends all streams and the sampling, and waits for the latter. The page answers 503 from
// then on. A server that shuts down waits for streams, unless they are ended:
//
//	server.RegisterOnShutdown(func() { page.Close() })
//
// It always returns nil, and may be called more than once.
func (p *Page) Close() error {
	p.closing.Do(p.sampler.close)
	p.sampler.done.Wait()
	return nil
}

// ServeHTTP serves the page and what it is made of.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	if !p.options.hosts.allow(r.Host) {
		http.Error(w, "The page does not answer to this name. Its program has to list it: resilpage.WithHosts(\"ops.example.com\").", http.StatusMisdirectedRequest)
		return
	}
	select {
	case <-p.closed:
		h.Set("Retry-After", "5")
		http.Error(w, "The page is closed: the program is about to end.", http.StatusServiceUnavailable)
		return
	default:
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		p.get(w, r)
	case http.MethodPost:
		p.act(w, r)
	default:
		h.Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Use GET, or POST for actions.", http.StatusMethodNotAllowed)
	}
}

func (p *Page) get(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch get := query.Get("get"); get {
	case "":
	case "events":
		p.stream(w, r)
		return
	case "parts":
		p.parts(w, r)
		return
	default:
		serveAsset(w, r, get)
		return
	}
	w.Header().Set("Vary", "Accept")
	state, err := p.state(r)
	if err != nil {
		return // the reader has gone
	}
	if wantsJSON(r) {
		writeJSON(w, http.StatusOK, state)
		return
	}
	p.writePage(w, http.StatusOK, view{State: state, Filter: query.Get("q"), Refresh: refresh(query.Get("refresh"))})
}

// state is what a request is to be shown.
func (p *Page) state(r *http.Request) (*State, error) {
	p.sampler.touch()
	if filter := shorten(r.URL.Query().Get("q"), maxKey); filter != "" {
		return p.sampler.describe(r.Context(), filter)
	}
	return p.sampler.current(r.Context())
}

// readFor is how long the page goes on sampling after the last reader.
const readFor = 5 * time.Minute
