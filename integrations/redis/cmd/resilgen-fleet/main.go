// Resilgen-fleet shows and commands the fleets of clients that share a Redis.
//
//	resilgen-fleet [flags] status [client]
//	resilgen-fleet [flags] force open|close client breaker
//	resilgen-fleet [flags] reset client breaker
//	resilgen-fleet [flags] apply client file
//
// status lists the processes of a client, what is ordered and by whom, and which breakers
// are open; without a client it lists the clients. force opens or closes a breaker in all
// processes, for the time of -for or until reset. apply puts overrides in force, from a file
// in JSON or from standard input for -; {} takes them back.
//
// The command resilgen fleet runs this one.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	resilredis "github.com/resilgen/resilgen/integrations/redis"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

const usage = `Resilgen-fleet shows and commands the fleets of clients that share a Redis.

	resilgen fleet [flags] status [client]
	resilgen fleet [flags] force open|close client breaker
	resilgen fleet [flags] reset client breaker
	resilgen fleet [flags] apply client file     overrides in JSON; - is standard input, {} takes them back

Flags:

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs the command that args name, and returns the exit code: 2 where args are wrong.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c command
	flags := flag.NewFlagSet("resilgen-fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&c.url, "redis", "", "`URL` of Redis, as redis://user:password@host:6379/0, or host:6379; rediss:// for TLS; with ?addr=host:port for each further node of a cluster (default $RESILGEN_REDIS, else redis://localhost:6379)")
	flags.StringVar(&c.prefix, "prefix", "resil", "of all keys, as the processes have it")
	flags.StringVar(&c.by, "by", who(), "who gives the order")
	flags.StringVar(&c.key, "key", "", "of the breaker, if it is kept by key")
	flags.DurationVar(&c.length, "for", 0, "how long to force; 0 for until reset")
	// Flags may stand after the words too.
	var words []string
	for rest := args; ; {
		if err := flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return 0
			}
			return 2
		}
		if flags.NArg() == 0 {
			break
		}
		words, rest = append(words, flags.Arg(0)), flags.Args()[1:]
	}
	c.in, c.out = stdin, stdout
	c.url = cmp.Or(c.url, os.Getenv("RESILGEN_REDIS"), "redis://localhost:6379")
	err := c.run(ctx, words)
	var wrong misuse
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "resilgen-fleet: %s\n\n", directive.Printable(err.Error()))
		flags.Usage()
		return 2
	case err != nil:
		fmt.Fprintf(stderr, "resilgen-fleet: %s\n", directive.Printable(err.Error()))
		return 1
	}
	return 0
}

// who is the person at the keyboard.
func who() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

// A misuse is an error about the words of the command.
type misuse string

func (m misuse) Error() string { return string(m) }

type command struct {
	url, prefix, by, key string
	length               time.Duration
	in                   io.Reader
	out                  io.Writer
	fleet                *resilredis.Fleet
}

func (c *command) run(ctx context.Context, words []string) error {
	do, rest := "", words
	if len(words) > 0 {
		do, rest = words[0], words[1:]
	}
	o := resil.Order{By: c.by, Key: c.key, For: c.length}
	switch {
	case do == "status" && len(rest) <= 1:
	case do == "force" && len(rest) == 3:
		switch rest[0] {
		case "open":
			o.Action = resil.ActionForceOpen
		case "close":
			o.Action = resil.ActionForceClose
		default:
			return misuse(fmt.Sprintf("cannot force %q; write open or close", rest[0]))
		}
		o.Client, o.Breaker = rest[1], rest[2]
	case do == "reset" && len(rest) == 2:
		o.Action, o.Client, o.Breaker = resil.ActionReset, rest[0], rest[1]
	case do == "apply" && len(rest) == 2:
		o.Action, o.Client = resil.ActionApply, rest[0]
		var err error
		if o.Overrides, err = c.overrides(rest[1]); err != nil {
			return err
		}
	case do == "":
		return misuse("nothing to do")
	default:
		return misuse(fmt.Sprintf("cannot %s", strings.Join(words, " ")))
	}
	if c.length < 0 || c.length > 0 && do != "force" || c.key != "" && (do == "status" || do == "apply") {
		return misuse("-for is for force, and -key for force and reset")
	}
	client, err := c.connect()
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("no Redis at %s: %w", c.shownURL(), err)
	}
	c.fleet = resilredis.New(client, resilredis.WithPrefix(c.prefix))
	defer c.fleet.Close()
	switch {
	case do == "status" && len(rest) == 0:
		return c.clients(ctx)
	case do == "status":
		return c.status(ctx, rest[0])
	}
	return c.order(ctx, o)
}

// connect returns a client, which is one of a cluster if the URL has several addresses.
func (c *command) connect() (redis.UniversalClient, error) {
	redis.SetLogger(&logging.VoidLogger{}) // errors are ours to tell
	if !strings.Contains(c.url, "://") {
		c.url = "redis://" + c.url
	}
	if strings.Contains(c.url, "addr=") {
		o, err := redis.ParseClusterURL(c.url)
		if err != nil {
			return nil, badURL(err)
		}
		return redis.NewClusterClient(o), nil
	}
	o, err := redis.ParseURL(c.url)
	if err != nil {
		return nil, badURL(err)
	}
	return redis.NewClient(o), nil
}

// badURL is what is wrong with a URL, without the URL: it may hold a password.
func badURL(err error) error {
	if wrong, ok := errors.AsType[*url.Error](err); ok {
		err = wrong.Err
	}
	return misuse("-redis: " + err.Error())
}

// shownURL is the URL without its password.
func (c *command) shownURL() string {
	u, err := url.Parse(c.url)
	if err != nil {
		return "that URL"
	}
	u.RawQuery = ""
	return u.Redacted()
}

// shown is a text for a place in a table. It may be anybody's: keys come from those who call.
func shown(text string) string {
	return directive.Printable(strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(text))
}

// overrides reads overrides from a file.
func (c *command) overrides(file string) (o resil.Overrides, err error) {
	var text []byte
	if file == "-" {
		text, err = io.ReadAll(c.in)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf(`%s: %w; write {"Users": {"limit": "rate=100/s"}}`, file, err)
	}
	if o == nil {
		return nil, fmt.Errorf(`%s: there are no overrides; write {"Users": {"limit": "rate=100/s"}}, or {} to take them back`, file)
	}
	return o, nil
}

// order gives an order, and tells how many processes it is for.
func (c *command) order(ctx context.Context, o resil.Order) error {
	s, err := c.fleet.Status(ctx, o.Client)
	if err != nil {
		return err
	}
	if len(s.Processes) == 0 {
		known, err := c.fleet.Clients(ctx)
		if err != nil {
			return err
		}
		if !slices.Contains(known, o.Client) {
			return fmt.Errorf("no process has a client %s; these are known: %s", o.Client, cmp.Or(strings.Join(known, ", "), "none"))
		}
	}
	if err := c.fleet.Order(ctx, o); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: ordered for %d processes\n", shown(o.String()), len(s.Processes))
	return c.refusals(ctx, o.Client)
}

// refusals waits until processes have had the time to read an order, and returns what they
// say that they cannot obey.
func (c *command) refusals(ctx context.Context, client string) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Second):
	}
	s, err := c.fleet.Status(ctx, client)
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range s.Processes {
		if p.Refused != "" {
			errs = append(errs, fmt.Errorf("%s: %s", p.Name, p.Refused))
		}
	}
	return errors.Join(errs...)
}

func (c *command) clients(ctx context.Context) error {
	names, err := c.fleet.Clients(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLIENT\tPROCESSES\tORDERS\tSUSPICIONS")
	for _, name := range names {
		s, err := c.fleet.Status(ctx, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", shown(name), len(s.Processes), len(s.Orders), len(s.Suspicions))
	}
	return w.Flush()
}

func (c *command) status(ctx context.Context, client string) error {
	s, err := c.fleet.Status(ctx, client)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "PROCESS\tSTARTED\tREFUSED\n")
	for _, p := range s.Processes {
		fmt.Fprintf(w, "%s\t%s\t%s\n", shown(p.Name), p.Started.Format(time.RFC3339), shown(strings.ReplaceAll(p.Refused, "\n", "; ")))
	}
	if len(s.Orders) > 0 {
		fmt.Fprintf(w, "\nORDER\tBY\tAT\n")
		for _, o := range s.Orders {
			fmt.Fprintf(w, "%s\t%s\t%s\n", shown(o.String()), shown(o.By), o.At.Format(time.RFC3339))
		}
	}
	if len(s.Suspicions) > 0 {
		fmt.Fprintf(w, "\nOPEN BREAKER\tKEY\tPROCESSES\tFOR\n")
		for _, b := range s.Suspicions {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", shown(b.Breaker), shown(b.Key), b.Processes, b.For.Round(time.Second))
		}
	}
	return w.Flush()
}
