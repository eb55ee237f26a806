//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"
)

var ctx = context.Background()

func main() {
	if os.Getenv(childEnv) != "" {
		if err := runChild(os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	dir := flag.String("write", "", "write what was measured into fleet.md in this `folder`")
	flag.Parse()
	if err := run(*dir); err != nil {
		log.Fatal(err)
	}
}

// run plays all scenarios.
func run(dir string) error {
	var all []*record
	var wrong []string
	for _, s := range scenarios {
		r, err := s.play(full)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all = append(all, r)
		arrived, _ := r.times()
		fmt.Printf("%-48s %s before, %s during, %s after; at most %d in a second\n", s.name,
			percent(r.of(r.begin.Add(r.warm), r.broken)), percent(r.of(r.broken, r.healed)), percent(r.of(r.healed, r.end)), worst(arrived, time.Second))
		for _, w := range r.check(false) {
			wrong = append(wrong, s.name+": "+w)
		}
	}
	n, err := playNews(full, 5)
	if err != nil {
		return err
	}
	fmt.Printf("orders and suspicions reached all within %v, %v and %v\n", quantile(n.forced, 1), quantile(n.applied, 1), quantile(n.suspected, 1))
	if len(wrong) > 0 {
		return fmt.Errorf("not as docs/fleet.md has it:\n%s", strings.Join(wrong, "\n"))
	}
	if dir == "" {
		return nil
	}
	return write(dir, all, n)
}
