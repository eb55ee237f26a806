package resilpage

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

const (
	writeTime  = 10 * time.Second // for one write to a reader
	streamTime = 30 * time.Minute // of a stream; then the browser opens another, and is asked again who it is
)

// parts are the pieces of the page, by the ID of their elements.
type parts struct {
	Title  string            `json:"title"`
	At     string            `json:"at"` // by the server's clock
	Status Status            `json:"status"`
	Order  []string          `json:"order"` // of the clients
	HTML   map[string]string `json:"html"`
}

// A frame is what streams send after a tick. It is made once for all.
type frame struct {
	seq   uint64
	full  []byte        // all parts
	delta []byte        // those that have changed since the frame before
	done  chan struct{} // closed when there is a next one
}

// A publisher hands frames to streams. A stream that is still writing when a frame comes
// misses it, and the publisher does not know.
type publisher struct {
	last  atomic.Pointer[frame]
	parts parts // of the last frame; only for the one who publishes
}

func (p *publisher) init() { p.last.Store(&frame{done: make(chan struct{})}) }

// publish makes a frame of parts. It is not called concurrently.
func (p *publisher) publish(now parts) {
	before := p.last.Load()
	changed := now
	changed.HTML = map[string]string{}
	for id, html := range now.HTML {
		if p.parts.HTML[id] != html {
			changed.HTML[id] = html
		}
	}
	p.parts = now
	f := &frame{seq: before.seq + 1, full: event(now), delta: event(changed), done: make(chan struct{})}
	p.last.Store(f)
	close(before.done)
}

// event is a server-sent event.
func event(p parts) []byte {
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and maps of them
	}
	return slices.Concat([]byte("data: "), data, []byte("\n\n"))
}

// stream sends frames until the reader goes.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	defer p.streams.Add(-1)
	if p.streams.Add(1) > int64(p.options.streams) {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "Too many readers follow the page live. Try again later, or load it without streaming.", http.StatusServiceUnavailable)
		return
	}
	f := p.publisher.last.Load()
	p.sampler.touch()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // for nginx
	to := http.NewResponseController(w)
	to.SetWriteDeadline(time.Now().Add(writeTime)) // also in place of the server's, which counts from the request
	if r.Method == http.MethodHead {
		return
	}
	if err := to.Flush(); err != nil {
		h.Del("Content-Type")
		http.Error(w, "The handlers around this one do not let it stream: their writer has no Flush.", http.StatusNotImplemented)
		return
	}
	end := time.NewTimer(streamTime)
	defer end.Stop()
	var sent uint64
	for {
		select {
		case <-f.done:
		case <-end.C:
			return
		case <-r.Context().Done():
			return
		case <-p.closed:
			return
		}
		f = p.publisher.last.Load()
		data := f.full
		if sent > 0 && f.seq == sent+1 {
			data = f.delta
		}
		sent = f.seq
		to.SetWriteDeadline(time.Now().Add(writeTime))
		if _, err := w.Write(data); err != nil {
			return
		}
		if err := to.Flush(); err != nil {
			return
		}
	}
}

// parts answers with the state as parts, for filters, and for those that cannot follow.
func (p *Page) parts(w http.ResponseWriter, r *http.Request) {
	state, err := p.state(r)
	if err != nil {
		return
	}
	writeJSON(w, http.StatusOK, p.templated(state))
}
