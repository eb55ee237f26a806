// Command production is a small service as it runs in production: three clients that
// resilgen has wrapped, metrics, traces, a log, the page with actions, and overrides from a
// file. It orders from itself, and can kill the services that it calls.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
)

func main() {
	c := config{token: os.Getenv("OPS_TOKEN")}
	flag.StringVar(&c.shop, "shop", "127.0.0.1:8080", "`address` of the shop")
	flag.StringVar(&c.ops, "ops", "127.0.0.1:6060", "`address` for operators")
	flag.StringVar(&c.overrides, "overrides", "", "`file` with overrides")
	traces := flag.String("traces", "", "`file` to write traces to, - for standard output")
	flag.Parse()
	if err := run(c, *traces); err != nil {
		fmt.Fprintln(os.Stderr, "production:", err)
		os.Exit(1)
	}
}

// run runs the program until it is interrupted.
func run(c config, traces string) (err error) {
	switch {
	case c.token == "":
		c.token = rand.Text()
	case len(c.token) < 16:
		return errors.New("OPS_TOKEN has fewer than 16 characters, and could be guessed; openssl rand -hex 16 makes one")
	}
	if traces != "" {
		file := os.Stdout
		if traces != "-" {
			if file, err = os.Create(traces); err != nil {
				return err
			}
			defer file.Close()
		}
		if c.spans, err = stdouttrace.New(stdouttrace.WithWriter(file)); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p, err := start(c)
	if err != nil {
		return err
	}
	defer p.close()
	fmt.Printf(`The shop takes orders, and orders from itself.
  page      %[1]s/debug/resil
  token     %[2]s (for actions on the page; OPS_TOKEN sets it)
  metrics   %[1]s/metrics
  an order  curl -X POST '%[3]s/orders?tenant=acme&item=lamp'
  kill      curl -X POST %[1]s/backends/payments/kill (or stock, catalog-acme, …)
  restore   curl -X POST %[1]s/backends/payments/restore
Interrupt to end.
`, p.ops, c.token, p.shop)
	<-ctx.Done()
	return nil
}
