package resilpage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A reader is the other end of a stream.
type reader struct {
	header http.Header
	code   int

	mu       sync.Mutex
	writes   [][]byte
	stuck    chan struct{} // writes wait for it; nil: they do not
	deadline time.Time
}

func newReader() *reader { return &reader{header: http.Header{}} }

func (r *reader) Header() http.Header  { return r.header }
func (r *reader) WriteHeader(code int) { r.code = code }
func (r *reader) Flush()               {}
func (r *reader) SetWriteDeadline(t time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deadline = t
	return nil
}

// Write takes what it is given, or waits until the deadline.
func (r *reader) Write(p []byte) (int, error) {
	r.mu.Lock()
	stuck, deadline := r.stuck, r.deadline
	r.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-time.After(time.Until(deadline)):
			return 0, os.ErrDeadlineExceeded
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = append(r.writes, p)
	return len(p), nil
}

func (r *reader) block() (release func()) {
	stuck := make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stuck = stuck
	return func() {
		r.mu.Lock()
		r.stuck = nil
		r.mu.Unlock()
		close(stuck)
	}
}

// read returns the events so far.
func (r *reader) read(t *testing.T) (events []parts) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.writes {
		data, ok := bytes.CutPrefix(w, []byte("data: "))
		if !ok || !bytes.HasSuffix(w, []byte("\n\n")) || bytes.Count(w, []byte("\n")) != 2 {
			t.Fatalf("this is no event: %q", w)
		}
		var p parts
		if err := json.Unmarshal(data, &p); err != nil {
			t.Fatal(err)
		}
		events = append(events, p)
	}
	return events
}

// follow opens a stream, which ends with its context. ended is closed then.
func follow(ctx context.Context, p *Page, r http.ResponseWriter) (ended chan struct{}) {
	request := httptest.NewRequest("GET", "/?get=events", nil).WithContext(ctx)
	request.Host = "localhost"
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		p.ServeHTTP(r, request)
	}()
	return ended
}

func isOver(ended chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

func TestStreamsGetAllAndThenWhatHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		users := newClient(t, registry, "Users", "breaker")
		newClient(t, registry, "Payments", "breaker")
		page := newPage(t, registry, WithTitle("shop on web-7"))
		r := newReader()
		ended := follow(t.Context(), page, r)
		time.Sleep(310*time.Second + time.Millisecond) // for the first five minutes, the time that charts are about grows
		synctest.Wait()
		if got := r.header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("the type is %s", got)
		}
		first := r.read(t)
		if len(first) != 310 || len(first[0].HTML) != 4 || len(first[309].HTML) != 0 {
			t.Fatalf("%d events, with %d and %d parts", len(first), len(first[0].HTML), len(first[309].HTML))
		}
		fail(users.Method("Get"), 9, errDown)
		time.Sleep(time.Second)
		last := r.read(t)[310]
		if len(last.HTML) != 2 || !strings.Contains(last.HTML["c1"], "Circuit breaker open") || !strings.Contains(last.HTML["head"], "Users is down") {
			t.Errorf("%+v", last)
		}
		if strings.Join(last.Order, " ") != "c1 c2" || last.Title != "Users is down; 1 is well – shop on web-7" {
			t.Errorf("%+v", last)
		}
		page.Close()
		synctest.Wait()
		if !isOver(ended) {
			t.Error("the stream goes on after Close")
		}
		if w := get(page, "/"); w.Code != http.StatusServiceUnavailable {
			t.Errorf("after Close it answers %d", w.Code)
		}
	})
}

// A reader who does not read is waited for by nobody, misses frames, and is dropped in the
// end.
func TestSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		users := newClient(t, registry, "Users", "breaker")
		page := newPage(t, registry)
		quick, slow, stuck := newReader(), newReader(), newReader()
		follow(t.Context(), page, quick)
		follow(t.Context(), page, slow)
		gone := follow(t.Context(), page, stuck)
		time.Sleep(2*time.Second + time.Millisecond)
		stuck.block()
		release := slow.block()
		fail(users.Method("Get"), 9, errDown)
		time.Sleep(5 * time.Second)
		release()
		time.Sleep(2 * time.Second)
		if n := len(quick.read(t)); n != 9 {
			t.Errorf("who reads has got %d frames in 9 s", n)
		}
		if isOver(gone) {
			t.Error("the stream ended before its deadline")
		}
		got := slow.read(t)
		if len(got) != 6 || len(got[3].HTML) != 3 || !strings.Contains(got[3].HTML["c1"], "Circuit breaker open") {
			t.Errorf("who has missed frames gets %d frames, the fourth with %d parts", len(got), len(got[3].HTML))
		}
		if len(got[4].HTML) == 3 {
			t.Error("who has caught up still gets everything")
		}
		time.Sleep(5 * time.Second)
		if !isOver(gone) {
			t.Error("who does not read is not dropped")
		}
	})
}

func TestStreamsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := newPage(t, new(resil.Registry), WithStreams(2))
		ctx, cancel := context.WithCancel(t.Context())
		follow(ctx, page, newReader())
		follow(t.Context(), page, newReader())
		synctest.Wait()
		refused := newReader()
		follow(t.Context(), page, refused)
		synctest.Wait()
		if refused.code != http.StatusServiceUnavailable || refused.header.Get("Retry-After") != "10" {
			t.Errorf("the third gets %d, %v", refused.code, refused.header)
		}
		if w := get(page, "/"); w.Code != http.StatusOK {
			t.Errorf("the page answers %d meanwhile", w.Code)
		}
		cancel()
		synctest.Wait()
		next := newReader()
		follow(t.Context(), page, next)
		time.Sleep(2 * time.Second)
		if next.code != 0 || len(next.read(t)) == 0 {
			t.Error("a place that is free again is not given")
		}
		time.Sleep(streamTime)
		if page.streams.Load() != 0 {
			t.Error("streams do not end")
		}
	})
}

// A server's own limit of the time for an answer does not end a stream, and a connection
// whose other end does not read is closed.
func TestStreamsOfAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		newClient(t, registry, "Users", "breaker")
		page := New(registry)
		conns := make(pipes)
		server := &http.Server{Handler: page, WriteTimeout: 2 * time.Second}
		server.RegisterOnShutdown(func() { page.Close() })
		go server.Serve(conns)
		dial := func() net.Conn {
			here, there := net.Pipe()
			conns <- there
			io.WriteString(here, "GET /?get=events HTTP/1.1\r\nHost: localhost\r\n\r\n")
			return here
		}
		live, stuck := dial(), dial()
		began, lines, events := time.Now(), bufio.NewScanner(live), 0
		lines.Buffer(nil, 1<<20)
		for events < 30 && lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: ") {
				events++
			}
		}
		if took := time.Since(began); events != 30 || took > 31*time.Second {
			t.Errorf("%d events in %s: %v", events, took, lines.Err())
		}
		if n := page.streams.Load(); n != 1 {
			t.Errorf("there are %d streams, and one reader", n)
		}
		go io.Copy(io.Discard, live)
		if err := server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		live.Close()
		stuck.Close()
	})
}

// pipes is a listener.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.IPAddr{} }

// Ten thousand readers of one program share what they are sent.
func TestTenThousandStreams(t *testing.T) {
	const readers = 10_000
	registry := new(resil.Registry)
	for _, name := range []string{"Users", "Payments", "Search", "Directory"} {
		fail(newClient(t, registry, name, "breaker", "limit 100/s").Method("Get"), 9, errDown)
	}
	page := newPage(t, registry, WithStreams(readers))
	ctx, cancel := context.WithCancel(t.Context())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var first sync.WaitGroup
	var ended []chan struct{}
	shared := make([]*byte, readers)
	for i := range readers {
		r := &counted{reader: newReader(), first: func(p *byte) { shared[i] = p; first.Done() }}
		first.Add(1)
		ended = append(ended, follow(ctx, page, r))
	}
	first.Wait()
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)) / readers
	t.Logf("%d B a stream, without the server's own buffers", each)
	if each > 16<<10 {
		t.Errorf("a stream takes %d B", each)
	}
	copies := map[*byte]bool{}
	for _, p := range shared {
		copies[p] = true
	}
	if len(copies) > 60 { // one for each second that it takes
		t.Errorf("%d readers are sent %d copies", readers, len(copies))
	}
	cancel()
	for _, e := range ended {
		<-e
	}
}

// A counted reader tells of its first frame and keeps none.
type counted struct {
	*reader
	once  sync.Once
	first func(*byte)
}

func (c *counted) Write(p []byte) (int, error) {
	c.once.Do(func() { c.first(&p[0]) })
	return len(p), nil
}

func TestWritersWithoutFlushGetAnAnswer(t *testing.T) {
	page := newPage(t, new(resil.Registry))
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://localhost/?get=events", nil)
	page.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
	if w.Code != http.StatusNotImplemented {
		t.Errorf("%d", w.Code)
	}
}

// What nobody reads costs nothing.
func TestSamplingEndsAfterTheLastReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		m := newClient(t, registry, "Users", "breaker").Method("Get")
		page := New(registry)
		if n := working(); n != 0 {
			t.Errorf("%d goroutines before the first request", n)
		}

		state(t, page, "")
		time.Sleep(readFor - 10*time.Second)
		if n := working(); n != 1 {
			t.Errorf("%d goroutines after a request", n)
		}
		succeed(m, 10)
		time.Sleep(time.Second)
		if state(t, page, "").Clients[0].Recent.Calls != 10 {
			t.Error("calls between two requests are not in the rates")
		}
		time.Sleep(readFor + 2*time.Second)
		if n := working(); n != 0 {
			t.Errorf("%d goroutines after the last reader", n)
		}
		succeed(m, 10)
		if got := state(t, page, "").Clients[0].Recent; got.Calls != 0 || got.Seconds != 0 {
			t.Errorf("what nobody has sampled is in the rates: %+v", got)
		}

		ctx, cancel := context.WithCancel(t.Context())
		go page.Run(ctx)
		time.Sleep(time.Hour)
		succeed(m, 10)
		time.Sleep(time.Second)
		if got := state(t, page, "").Clients[0].Recent; got.Calls != 10 {
			t.Errorf("Run keeps no history: %+v", got)
		}
		cancel()
		time.Sleep(readFor + 2*time.Second)
		if n := working(); n != 0 {
			t.Errorf("%d goroutines after Run", n)
		}
		go page.Run(t.Context())
		time.Sleep(time.Second)
		page.Close()
		page.Close()
		synctest.Wait()
		if n := working(); n != 0 {
			t.Errorf("%d goroutines after Close", n)
		}
		page.Run(t.Context()) // returns at once
	})
}

// working counts the goroutines that sample or keep histories. It waits until the others of
// the bubble are blocked.
func working() int {
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte("page.(*sampler).run(")) + bytes.Count(stacks, []byte("page.(*Page).Run("))
}

// Several requests at once are answered from one look at the clients, and a reader who goes
// does not wait for it.
func TestReadersAtOnce(t *testing.T) {
	registry := new(resil.Registry)
	newClient(t, registry, "Users", "breaker")
	page := newPage(t, registry)
	var readers sync.WaitGroup
	for i := range 50 {
		readers.Go(func() {
			target := []string{"/", "/?format=json", "/?get=parts", "/?q=users"}[i%4]
			if w := get(page, target); w.Code != http.StatusOK {
				t.Errorf("%s: %d", target, w.Code)
			}
		})
	}
	readers.Wait()
	page.sampler.lock <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := page.sampler.current(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-page.sampler.lock
}

// Where it takes long to describe the clients, streams get less often what is new.
func TestStreamsDoNotCostMoreThanAPartOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		client, keyed := newKeyed[slowly](t, registry, "Users", "breaker per=tenant open=10m")
		page := New(registry)
		ctx, cancel := context.WithCancel(t.Context())
		var followers sync.WaitGroup
		followers.Go(func() {
			r := httptest.NewRequest("GET", "/?get=events", nil).WithContext(ctx)
			r.Host = "localhost"
			page.ServeHTTP(httptest.NewRecorder(), r)
		})
		frames := func() uint64 {
			synctest.Wait() // a frame of this moment is none of the minute's
			before := page.publisher.last.Load().seq
			time.Sleep(time.Minute)
			synctest.Wait()
			return page.publisher.last.Load().seq - before
		}
		if n := frames(); n < 59 || n > 60 {
			t.Errorf("%d frames in a minute while it costs nothing", n)
		}
		for i := range 20 {
			fail(keyed.For(slowly(i)), 5, errDown)
		}
		if n := frames(); n < 12 || n > 40 {
			t.Errorf("%d frames in a minute while each takes up to a second", n)
		}
		for i := range 20 {
			client.Breaker("Users").For(slowly(i)).Reset()
		}
		frames()
		if n := frames(); n < 59 || n > 60 {
			t.Errorf("%d frames in a minute when it costs nothing again", n)
		}
		cancel()
		followers.Wait()
		page.Close()
	})
}
