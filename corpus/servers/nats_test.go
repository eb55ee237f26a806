//go:build linux

package servers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	natsrecipe "github.com/resilgen/resilgen/corpus/recipes/nats"
	resil "github.com/resilgen/resilgen/runtime"
)

func startNATS(t *testing.T, config string) *process {
	t.Helper()
	server := program(t, "nats-server", "/usr/sbin/nats-server")
	p := newProcess(t)
	file := filepath.Join(p.dir, "config")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	p.ready = p.listening
	p.start(server, "-c", file, "-a", "127.0.0.1", "-p", p.port, "-js", "-sd", filepath.Join(p.dir, "data"))
	return p
}

// dialNATS returns a connection that comes back soon when it is lost.
func dialNATS(t *testing.T, address string, opts ...nats.Option) *nats.Conn {
	t.Helper()
	opts = append([]nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(20 * time.Millisecond), nats.ReconnectJitter(0, 0)}, opts...)
	conn, err := nats.Connect("nats://"+address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestNATS(t *testing.T) {
	p := startNATS(t, "")
	faulty := newTable(t)
	service := dialNATS(t, p.addr())
	defer service.Close()
	got := make(chan struct{}, 100)
	for subject, answer := range map[string]func(*nats.Msg){
		"echo":   func(m *nats.Msg) { m.Respond(m.Data) },
		"silent": func(*nats.Msg) { got <- struct{}{} },
	} {
		if _, err := service.Subscribe(subject, answer); err != nil {
			t.Fatal(err)
		}
	}
	if err := service.Flush(); err != nil {
		t.Fatal(err)
	}
	at := func(address string, opts ...nats.Option) *faults[*natsrecipe.ResilientRequester] {
		return &faults[*natsrecipe.ResilientRequester]{t, "Requester", func(options ...resil.Option) (*natsrecipe.ResilientRequester, func(), error) {
			conn := dialNATS(t, address, opts...)
			c, err := natsrecipe.NewResilientRequester(conn, options...)
			return c, conn.Close, err
		}, faulty}
	}
	requests := at(p.addr())
	ask := func(subject string) func(*natsrecipe.ResilientRequester) error {
		return func(c *natsrecipe.ResilientRequester) error {
			_, err := c.RequestMsgWithContext(t.Context(), nats.NewMsg(subject))
			return err
		}
	}
	sees := func(class resil.Class, attempts uint64, limit time.Duration, text string) sign {
		return sign{method: "RequestMsgWithContext", class: class, attempts: attempts, limit: limit, text: text}
	}
	const short = 300 * time.Millisecond

	requests.provoke("nobody there to answer", sees(resil.Infrastructure, 3, 0, "no responders"), ask("nobody"))
	requests.provoke("no answer", sees(resil.Infrastructure, 1, short, ""), ask("silent"))
	requests.provoke("too large", sees(resil.Application, 1, 0, "payload"), func(c *natsrecipe.ResilientRequester) error {
		msg := nats.NewMsg("echo")
		msg.Data = make([]byte, 2<<20)
		_, err := c.RequestMsgWithContext(t.Context(), msg)
		return err
	})
	requests.provoke("hung", sees(resil.Infrastructure, 1, short, ""), func(c *natsrecipe.ResilientRequester) error {
		p.hang()
		defer p.resume()
		return ask("echo")(c)
	})
	requests.outage(short, p.hang, p.resume, ask("echo"))

	between := newProxy(t, p.addr())
	at(between.Listen).provoke("answer swallowed", sees(resil.Infrastructure, 1, short, ""), func(c *natsrecipe.ResilientRequester) (err error) {
		between.with(swallowed, func() { err = ask("echo")(c) })
		return err
	})

	settings := &faults[*natsrecipe.ResilientSettings]{t, "Settings", func(options ...resil.Option) (*natsrecipe.ResilientSettings, func(), error) {
		conn := dialNATS(t, p.addr())
		js, err := jetstream.New(conn)
		if err != nil {
			return nil, nil, err
		}
		bucket, err := js.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "settings", MaxValueSize: 100})
		if err != nil {
			return nil, nil, err
		}
		c, err := natsrecipe.NewResilientSettings(bucket, options...)
		return c, conn.Close, err
	}, faulty}
	get := func(c *natsrecipe.ResilientSettings) error {
		_, err := c.Get(t.Context(), "missing")
		return err
	}
	put := func(c *natsrecipe.ResilientSettings) error {
		_, err := c.Put(t.Context(), "key", []byte("value"))
		return err
	}
	settings.provoke("no such key", sign{method: "Get", class: resil.Application, attempts: 1}, get)
	settings.answers(get)
	settings.provoke("value too large", sign{method: "Put", class: resil.Application, attempts: 1}, func(c *natsrecipe.ResilientSettings) error {
		_, err := c.Put(t.Context(), "key", make([]byte, 200))
		return err
	})
	settings.provoke("bucket gone", sign{method: "Put", class: resil.Infrastructure, attempts: 3}, func(c *natsrecipe.ResilientSettings) error {
		js, err := jetstream.New(service)
		if err != nil {
			t.Fatal(err)
		}
		if err := js.DeleteKeyValue(t.Context(), "settings"); err != nil {
			t.Fatal(err)
		}
		return put(c)
	})
	settings.provoke("hung, JetStream", sign{method: "Put", class: resil.Infrastructure, attempts: 3, limit: short}, func(c *natsrecipe.ResilientSettings) error {
		p.hang()
		defer p.resume()
		return put(c)
	})
	settings.outage(short, p.kill, p.restart, put)

	eventually(t, func(context.Context) error { return service.Flush() })
	for len(got) > 0 {
		<-got
	}
	requests.provoke("killed in mid-call", sees(resil.Infrastructure, 1, 2*time.Second, ""), func(c *natsrecipe.ResilientRequester) error {
		return during(t, func(context.Context) error {
			if len(got) == 0 {
				return errors.New("the service has not got the request")
			}
			return nil
		}, p.kill, func() error { return ask("silent")(c) })
	})
	p.restart()
	requests.provoke("dead", sees(resil.Infrastructure, 1, short, ""), func(c *natsrecipe.ResilientRequester) error {
		p.kill()
		return ask("echo")(c)
	})
	p.restart()
	eventually(t, func(context.Context) error { return service.Flush() })
	requests.outage(short, p.kill, p.restart, ask("echo"))
}

func TestNATSRefusesALogin(t *testing.T) {
	p := startNATS(t, `authorization { user: app, password: right }`)
	// The server closes at once: who writes to it then may lose its answer.
	eventually(t, becomes(resil.SystemFault, func(context.Context) (resil.Class, error) {
		_, err := nats.Connect("nats://app:wrong@" + p.addr())
		return natsClass(t, err), nil
	}))
}

// A connector is a client whose every request fails.
type connector struct{ err error }

func (c connector) RequestMsgWithContext(context.Context, *nats.Msg) (*nats.Msg, error) {
	return nil, c.err
}

// natsClass returns the class that a guarded client gives to an error.
func natsClass(t *testing.T, err error) (class resil.Class) {
	t.Helper()
	seen := make(chan resil.Class, 10)
	c, failure := natsrecipe.NewResilientRequester(connector{err}, resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Kind == resil.EventAttemptEnded {
			seen <- e.Class
		}
	}))
	if failure != nil {
		t.Fatal(failure)
	}
	c.RequestMsgWithContext(t.Context(), nats.NewMsg("subject"))
	return <-seen
}
