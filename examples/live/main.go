// Command live changes the policies of a client while it runs, by a file. The file is in a
// folder that is written as Kubernetes writes a ConfigMap. In a program of your own copy
// overrides.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/resilgen/resilgen/examples/internal/report"
	resil "github.com/resilgen/resilgen/runtime"
)

// period is short, so that the demonstration is. For a program of your own 5 s do: kubelet
// itself may take a minute to write what has changed.
const period = 50 * time.Millisecond

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

// A demo has a service, its wrapper, and the folder with the file of overrides.
type demo struct {
	report.Report
	service *service
	orders  *ResilientOrders
	config  configMap
}

// run writes a report to w, and fails if a check of the report does.
func run(w io.Writer) error {
	folder, err := os.MkdirTemp("", "resilgen-live-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	d := &demo{Report: report.Report{W: w}, service: new(service), config: configMap{folder: folder}}

	var clients resil.Registry
	d.orders, err = NewResilientOrders(d.service, resil.WithRegistry(&clients), resil.WithObserver(d.observe))
	if err != nil {
		return err
	}
	d.Client = d.orders.Resilience()
	overrides := overridesFile{path: d.config.path(), apply: clients.Apply}
	overrides.load()
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { overrides.watch(ctx, period) })
	defer watching.Wait()
	defer cancel()

	for _, step := range []func() error{d.halve, d.mistake, d.outage, d.none} {
		if err := step(); err != nil {
			return err
		}
	}
	return d.Err()
}

// observe prints what overrides have changed. No call is under way meanwhile.
func (d *demo) observe(ctx context.Context, e resil.Event) {
	for _, change := range e.Changes {
		fmt.Fprintf(d.W, "    %s\n", change)
	}
	d.Observe(ctx, e)
}

// update writes the file and waits until it has been read twice.
func (d *demo) update(text string) error {
	fmt.Fprintf(d.W, "    %s: %s\n", overridesName, text)
	if err := d.config.update(text); err != nil {
		return err
	}
	time.Sleep(4 * period)
	d.Client.Flush(context.Background())
	return nil
}

func (d *demo) find() error {
	_, err := d.orders.Find(context.Background(), 1)
	return err
}

// admitted counts how many of 20 calls at once the limit lets pass.
func (d *demo) admitted() (n int) {
	for range 20 {
		if d.find() == nil {
			n++
		}
	}
	return n
}

func (d *demo) halve() error {
	d.Section("The limit is halved, and what is left in the bucket stays there")
	for range 7 {
		if err := d.find(); err != nil {
			return err
		}
	}
	left := d.Client.Stats().Limit("Orders").Tokens
	if err := d.update(`{"Orders": {"limit": "5/s burst=5"}}`); err != nil {
		return err
	}
	limit := d.Client.Stats().Limit("Orders")
	d.Check(left < 5 && limit.Burst == 5, "of 10 tokens there were %d, and now there are %d of %d", left, limit.Tokens, limit.Burst)
	return nil
}

func (d *demo) mistake() error {
	d.Section("What is wrong changes nothing")
	if err := d.update(`{"Oders": {"limit": "1/s"}}`); err != nil {
		return err
	}
	rate := d.Client.Stats().Limit("Orders").Rate
	d.Check(rate.Count == 5, "the rate is still %v", rate)
	return nil
}

func (d *demo) outage() error {
	d.Section("An open breaker stays open")
	time.Sleep(2 * time.Second) // until the bucket is full
	d.service.down.Store(true)
	for range 3 {
		if d.find() == nil {
			return errors.New("the service is not down")
		}
	}
	if err := d.update(`{"Orders": {"breaker": "open=5s", "limit": "5/s burst=5"}}`); err != nil {
		return err
	}
	b := d.Client.Stats().Breaker("Orders")
	d.Check(b.State == resil.StateOpen && b.RetryAfter > 20*time.Second, "it is %s and probes in about half a minute, as it said when it opened", b.State)
	d.service.down.Store(false)
	d.Client.Breaker("Orders").Reset()
	return nil
}

func (d *demo) none() error {
	d.Section("{} means no overrides: all is as the directives have it")
	if err := d.update(`{}`); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	n := d.admitted()
	d.Check(n == 10 && d.Client.Overrides() == nil, "of 20 calls at once %d pass", n)
	return nil
}
