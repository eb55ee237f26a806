//go:build linux

package servers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	amqprecipe "github.com/resilgen/resilgen/corpus/recipes/amqp"
	resil "github.com/resilgen/resilgen/runtime"
)

// startRabbitMQ starts a server with a name service of its own, and returns how to control
// it.
func startRabbitMQ(t *testing.T) (p *process, control func(...string)) {
	t.Helper()
	server := program(t, "/usr/lib/rabbitmq/bin/rabbitmq-server")
	ctl := program(t, "/usr/lib/rabbitmq/bin/rabbitmqctl")
	names := program(t, "epmd")
	p = newProcess(t)
	node := "test" + p.port + "@localhost"
	config := filepath.Join(p.dir, "rabbitmq.conf")
	if err := os.WriteFile(config, []byte("listeners.tcp.default = 127.0.0.1:"+p.port+"\nlog.console = true\nlog.file = false\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	nameService := &process{t: t, dir: p.dir, port: freePort(t)}
	p.env = []string{
		"ERL_EPMD_PORT=" + nameService.port, "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_NODENAME=" + node, "RABBITMQ_DIST_PORT=" + freePort(t),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(p.dir, "mnesia"), "RABBITMQ_LOG_BASE=" + filepath.Join(p.dir, "log"),
		"RABBITMQ_CONFIG_FILE=" + config, "RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(p.dir, "plugins"),
		"RABBITMQ_PID_FILE=" + filepath.Join(p.dir, "pid"), "RABBITMQ_GENERATED_CONFIG_DIR=" + filepath.Join(p.dir, "generated"),
	}
	nameService.env, nameService.ready = p.env, nameService.listening
	nameService.start(names, "-port", nameService.port, "-address", "127.0.0.1")
	t.Cleanup(nameService.kill)
	p.ready = func(context.Context) error {
		conn, err := amqp.Dial("amqp://guest:guest@" + p.addr())
		if err == nil {
			conn.Close()
		}
		return err
	}
	p.start(server)
	return p, func(args ...string) {
		t.Helper()
		p.run(ctl, append([]string{"-n", node}, args...)...)
	}
}

// A publisher opens a channel where it has none, and waits for confirmations.
type publisher struct {
	url string

	mu   sync.Mutex
	conn *amqp.Connection
	ch   *amqp.Channel
}

func (p *publisher) channel(ctx context.Context) (*amqp.Channel, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ch != nil && !p.ch.IsClosed() {
		return p.ch, nil
	}
	limit := time.Minute
	if deadline, ok := ctx.Deadline(); ok {
		limit = time.Until(deadline)
	}
	conn, err := amqp.DialConfig(p.url, amqp.Config{Dial: amqp.DefaultDial(limit), Heartbeat: time.Minute})
	if err != nil {
		return nil, err
	}
	if p.conn != nil {
		go p.conn.Close()
	}
	p.conn = conn
	if p.ch, err = conn.Channel(); err != nil {
		return nil, err
	}
	return p.ch, p.ch.Confirm(false)
}

func (p *publisher) PublishWithDeferredConfirmWithContext(ctx context.Context, exchange, key string, mandatory, immediate bool, msg amqp.Publishing) (*amqp.DeferredConfirmation, error) {
	ch, err := p.channel(ctx)
	if err != nil {
		return nil, err
	}
	if key == "missing" {
		_, err := ch.QueueDeclarePassive(key, false, false, false, false, nil)
		return nil, err
	}
	if key == "other" {
		_, err := ch.QueueDeclare("queue", true, false, false, false, nil)
		return nil, err
	}
	confirmation, err := ch.PublishWithDeferredConfirmWithContext(ctx, exchange, key, mandatory, immediate, msg)
	if err != nil {
		return nil, err
	}
	_, err = confirmation.WaitContext(ctx)
	return confirmation, err
}

func (p *publisher) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		p.conn.CloseDeadline(time.Now().Add(time.Second))
	}
}

func TestRabbitMQ(t *testing.T) {
	p, control := startRabbitMQ(t)
	faulty := newTable(t)
	const method = "PublishWithDeferredConfirmWithContext"
	at := func(url string) *faults[*amqprecipe.ResilientPublisher] {
		return &faults[*amqprecipe.ResilientPublisher]{t, "Publisher", func(opts ...resil.Option) (*amqprecipe.ResilientPublisher, func(), error) {
			p := &publisher{url: url}
			c, err := amqprecipe.NewResilientPublisher(p, opts...)
			return c, p.close, err
		}, faulty}
	}
	publish := func(exchange, key string) func(*amqprecipe.ResilientPublisher) error {
		return func(c *amqprecipe.ResilientPublisher) error {
			_, err := c.PublishWithDeferredConfirmWithContext(t.Context(), exchange, key, false, false, amqp.Publishing{MessageId: "1"})
			return err
		}
	}
	sees := func(class resil.Class, attempts uint64, text string) sign {
		return sign{method: method, class: class, attempts: attempts, text: text}
	}
	hasty := sign{method: method, class: resil.Infrastructure, attempts: 3, limit: 300 * time.Millisecond}
	url := "amqp://guest:guest@" + p.addr()
	messages := at(url)

	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := channel.QueueDeclare("queue", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	conn.Close()

	messages.provoke("no such queue", sees(resil.Application, 1, "404"), publish("", "missing"))
	messages.provoke("queue of another kind", sees(resil.Application, 1, "406"), publish("", "other"))
	messages.answers(publish("", "missing"))
	at("amqp://guest:wrong@"+p.addr()).provoke("password", sees(resil.SystemFault, 1, "403"), publish("", "queue"))
	at(url+"/other").provoke("no such host", sees(resil.SystemFault, 1, ""), publish("", "queue"))

	// The answer to a message for an exchange that does not exist closes the channel.
	lost := &faults[*amqprecipe.ResilientPublisher]{t, "Publisher", func(opts ...resil.Option) (*amqprecipe.ResilientPublisher, func(), error) {
		conn, err := amqp.Dial(url)
		if err != nil {
			return nil, nil, err
		}
		ch, err := conn.Channel()
		if err != nil {
			return nil, nil, err
		}
		if _, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "missing", "queue", false, false, amqp.Publishing{}); err != nil {
			return nil, nil, err
		}
		<-ch.NotifyClose(make(chan *amqp.Error, 1))
		c, err := amqprecipe.NewResilientPublisher(ch, opts...)
		return c, func() { conn.Close() }, err
	}, faulty}
	lost.provoke("channel closed by an answer", sees(resil.Infrastructure, 3, "not open"), publish("", "queue"))

	between := newProxy(t, p.addr())
	through := at("amqp://guest:guest@" + between.Listen)
	spoiled := func(fault, toxic string) {
		t.Helper()
		through.provoke(fault, hasty, func(c *amqprecipe.ResilientPublisher) (err error) {
			between.with(toxic, func() { err = publish("", "queue")(c) })
			return err
		})
	}
	spoiled("answer cut off", cutOff)
	spoiled("reset", reset)
	spoiled("answer swallowed", swallowed)
	spoiled("late", late)

	messages.provoke("hung", hasty, func(c *amqprecipe.ResilientPublisher) error {
		p.hang()
		defer p.resume()
		return publish("", "queue")(c)
	})
	messages.outage(300*time.Millisecond, p.hang, p.resume, publish("", "queue"))

	closed := make(chan *amqp.Error, 1)
	forced := &faults[*amqprecipe.ResilientPublisher]{t, "Publisher", func(opts ...resil.Option) (*amqprecipe.ResilientPublisher, func(), error) {
		conn, err := amqp.Dial(url)
		if err != nil {
			return nil, nil, err
		}
		ch, err := conn.Channel()
		if err != nil {
			return nil, nil, err
		}
		conn.NotifyClose(closed)
		c, err := amqprecipe.NewResilientPublisher(ch, opts...)
		return c, func() { conn.Close() }, err
	}, faulty}
	forced.provoke("connection closed by hand", sees(resil.Infrastructure, 3, "not open"), func(c *amqprecipe.ResilientPublisher) error {
		control("close_all_connections", "maintenance")
		if reason := <-closed; reason == nil || !strings.Contains(reason.Error(), "maintenance") {
			t.Errorf("the connection was closed for %v", reason)
		} else if class := amqpClass(t, reason); class != resil.Infrastructure {
			t.Errorf("%v is %v", reason, class)
		}
		return publish("", "queue")(c)
	})

	control("set_vm_memory_high_watermark", "0")
	raw := &publisher{url: url}
	defer raw.close()
	eventually(t, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		if _, err := raw.PublishWithDeferredConfirmWithContext(ctx, "", "queue", false, false, amqp.Publishing{}); err == nil {
			return errors.New("messages are still taken")
		}
		return nil
	})
	// What a connection publishes first is still taken.
	blocked := &faults[*amqprecipe.ResilientPublisher]{t, "Publisher", func(opts ...resil.Option) (*amqprecipe.ResilientPublisher, func(), error) {
		p := &publisher{url: url}
		if _, err := p.PublishWithDeferredConfirmWithContext(t.Context(), "", "queue", false, false, amqp.Publishing{}); err != nil {
			return nil, nil, err
		}
		c, err := amqprecipe.NewResilientPublisher(p, opts...)
		return c, p.close, err
	}, faulty}
	blocked.provoke("out of memory", hasty, publish("", "queue"))
	control("set_vm_memory_high_watermark", "0.4")

	p.kill()
	messages.provoke("dead", sees(resil.Infrastructure, 3, "refused"), publish("", "queue"))
	p.restart()
	messages.outage(usual, p.kill, p.restart, publish("", "queue"))
}

type failing struct{ err error }

func (f failing) PublishWithDeferredConfirmWithContext(context.Context, string, string, bool, bool, amqp.Publishing) (*amqp.DeferredConfirmation, error) {
	return nil, f.err
}

// amqpClass returns the class that a guarded client gives to an error.
func amqpClass(t *testing.T, err error) resil.Class {
	t.Helper()
	c, failure := amqprecipe.NewResilientPublisher(failing{err})
	if failure != nil {
		t.Fatal(failure)
	}
	c.PublishWithDeferredConfirmWithContext(resil.NoRetry(t.Context()), "", "", false, false, amqp.Publishing{})
	switch m := c.Resilience().Stats().Method("PublishWithDeferredConfirmWithContext"); {
	case m.Infrastructure > 0:
		return resil.Infrastructure
	case m.Application > 0:
		return resil.Application
	default:
		return resil.Unknown
	}
}
