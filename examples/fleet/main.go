// Fleet shows processes that share a limit through Redis. Run it in two terminals, or more:
//
//	go run . -redis localhost:6379
//
// Each calls a service 200 times a second and prints each second what became of the calls.
// Together they stay at 100 calls a second. Stop Redis, and each goes on with its part.
// With -sick, the service fails for this process alone: its breaker opens, and the others
// take no notice until a second process is sick.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	resilredis "github.com/resilgen/resilgen/integrations/redis"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	addr := flag.String("redis", "localhost:6379", "address of Redis")
	sick := flag.Bool("sick", false, "the service fails for this process")
	length := flag.Duration("for", 0, "how long to run; 0 for until interrupted")
	flag.Parse()
	redis.SetLogger(&logging.VoidLogger{}) // what is wrong with Redis, the fleet says
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *length)
		defer cancel()
	}
	if err := run(ctx, *addr, *sick, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run calls the service until ctx ends.
func run(ctx context.Context, addr string, sick bool, out io.Writer) error {
	fleet := resilredis.New(redis.NewClient(&redis.Options{Addr: addr}))
	defer fleet.Close()
	service := new(users)
	service.sick.Store(sick)
	guarded, err := NewResilientUsers(service, resil.WithFleet(fleet))
	if err != nil {
		return err
	}
	calls := time.NewTicker(5 * time.Millisecond)
	defer calls.Stop()
	seconds := time.NewTicker(time.Second)
	defer seconds.Stop()
	var before resil.MethodStats
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-calls.C:
			guarded.Name(ctx, 7)
		case <-seconds.C:
			s := guarded.Resilience().Stats()
			m := s.Method("Name")
			fmt.Fprintf(out, "%3d succeeded, %3d failed, %3d limited, %3d refused by the breaker; %s, %d processes, breaker %s%s\n",
				m.Succeeded-before.Succeeded, m.Failed-before.Failed, m.Limited-before.Limited, m.Open-before.Open,
				s.Fleet.Status, s.Fleet.Processes, s.Breaker("Users").State, trouble(s.Fleet))
			before = m
		}
	}
}

// trouble says why a fleet is degraded.
func trouble(f resil.FleetStats) string {
	if f.Status == resil.FleetDegraded {
		return fmt.Sprintf("; no Redis for %s: %v", time.Since(f.Since).Round(time.Second), f.LastError)
	}
	return ""
}
