//go:build linux

package servers

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	httprecipe "github.com/resilgen/resilgen/corpus/recipes/http"
	resil "github.com/resilgen/resilgen/runtime"
)

// A browser gets pages with a client of net/http.
type browser struct{ client *http.Client }

func (b browser) Get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return b.client.Do(req)
}

func TestHTTP(t *testing.T) {
	var hang atomic.Pointer[chan struct{}] // that requests wait for
	var got atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Add(1)
		if wait := hang.Load(); wait != nil {
			select {
			case <-*wait:
			case <-r.Context().Done():
			}
		}
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &status); err == nil {
			w.WriteHeader(status)
		}
	})
	listen := func(addr string) *httptest.Server {
		t.Helper()
		s := httptest.NewUnstartedServer(handler)
		s.Listener.Close()
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		s.Listener = l
		s.Start()
		return s
	}
	server := listen("127.0.0.1:0")
	addr := server.Listener.Addr().String()
	kill := func() {
		server.Listener.Close()
		server.CloseClientConnections()
		server.Close()
	}
	restart := func() { server = listen(addr) }
	t.Cleanup(func() { kill() })

	faulty := newTable(t)
	pages := &faults[*httprecipe.ResilientPages]{t, "Pages", func(opts ...resil.Option) (*httprecipe.ResilientPages, func(), error) {
		transport := new(http.Transport)
		c, err := httprecipe.NewResilientPages(browser{&http.Client{Transport: transport}}, opts...)
		return c, transport.CloseIdleConnections, err
	}, faulty}
	get := func(url string) func(*httprecipe.ResilientPages) error {
		return func(c *httprecipe.ResilientPages) error {
			ctx, cancel := context.WithTimeout(t.Context(), usual)
			defer cancel()
			resp, err := c.Get(ctx, url)
			if err != nil {
				return err
			}
			resp.Body.Close()
			if resp.StatusCode >= 400 {
				return fmt.Errorf("status %d", resp.StatusCode)
			}
			return nil
		}
	}
	sees := func(class resil.Class, attempts uint64, text string) sign {
		return sign{method: "Get", class: class, attempts: attempts, text: text}
	}
	url := "http://" + addr
	pages.provoke("not found", sees(resil.Application, 1, "404"), get(url+"/404"))
	pages.answers(get(url + "/404"))
	pages.provoke("too many requests", sees(resil.Throttled, 3, "429"), get(url+"/429"))
	pages.provoke("unavailable", sees(resil.Infrastructure, 3, "503"), get(url+"/503"))
	pages.provoke("broken", sees(resil.Infrastructure, 3, "500"), get(url+"/500"))
	pages.provoke("TLS that is none", sees(resil.Infrastructure, 3, ""), get("https://"+addr))

	between := newProxy(t, addr)
	spoiled := func(fault, toxic string) {
		t.Helper()
		pages.provoke(fault, sees(resil.Infrastructure, 3, ""), func(c *httprecipe.ResilientPages) (err error) {
			between.with(toxic, func() { err = get("http://" + between.Listen)(c) })
			return err
		})
	}
	spoiled("answer cut off", cutOff)
	spoiled("reset", reset)

	// These have no timeout but the caller's.
	hasty := func(c *httprecipe.ResilientPages) error {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := c.Get(ctx, url)
		return err
	}
	wait := make(chan struct{})
	pages.provoke("hung", sees(resil.Infrastructure, 1, "deadline"), func(c *httprecipe.ResilientPages) error {
		hang.Store(&wait)
		defer hang.Store(nil)
		return hasty(c)
	})
	pages.outage(usual, func() { hang.Store(&wait) }, func() { hang.Store(nil) }, hasty)

	got.Store(0)
	pages.provoke("killed in mid-call", sees(resil.Infrastructure, 3, ""), func(c *httprecipe.ResilientPages) error {
		hang.Store(&wait)
		return during(t, func(ctx context.Context) error {
			if got.Load() == 0 {
				return fmt.Errorf("the server has no request")
			}
			return nil
		}, kill, func() error { return get(url)(c) })
	})
	hang.Store(nil)
	pages.provoke("dead", sees(resil.Infrastructure, 3, "refused"), get(url))
	restart()
	pages.outage(usual, kill, restart, get(url))
}
