//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	resilredis "github.com/resilgen/resilgen/integrations/redis"
	resil "github.com/resilgen/resilgen/runtime"
)

// News are how long it took until a process had heard of something, sorted, for all
// processes and all times that it was played.
type news struct {
	forced, applied, suspected []time.Duration
}

// playNews gives orders to a fleet, and lets two of its processes fail, so many times.
func playNews(p pace, times int) (n *news, err error) {
	f, err := startFleet(fmt.Sprintf("%d/s burst=%d", p.limit, p.burst), false)
	if err != nil {
		return nil, err
	}
	defer f.close()
	each := float64(p.limit) / 2 / processes
	if err := f.tell(request{Load: &each}); err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: f.addr})
	defer client.Close()
	giver := resilredis.New(client)
	defer giver.Close()
	n = &news{}
	for i := range times {
		for _, part := range []func(*fleet, *resilredis.Fleet, int) error{n.force, n.apply, n.suspect} {
			if err := part(f, giver, i); err != nil {
				return nil, err
			}
		}
	}
	for _, list := range [][]time.Duration{n.forced, n.applied, n.suspected} {
		slices.Sort(list)
	}
	return n, nil
}

// order gives an order, and returns how long it took until each process has done it.
func (f *fleet) order(giver *resilredis.Fleet, o resil.Order, what string, is func(line) bool) (took []time.Duration, err error) {
	o.Client, o.By = "Users", "proof"
	since := time.Now()
	if err := giver.Order(ctx, o); err != nil {
		return nil, err
	}
	for _, p := range f.all {
		l, err := p.first(since, what, is)
		if err != nil {
			return nil, err
		}
		took = append(took, l.At.Sub(since))
	}
	return took, nil
}

func to(s resil.State) func(line) bool { return func(l line) bool { return l.To != nil && *l.To == s } }

func (n *news) force(f *fleet, giver *resilredis.Fleet, _ int) error {
	took, err := f.order(giver, resil.Order{Action: resil.ActionForceOpen, Breaker: "Users"}, "forced open", to(resil.StateForcedOpen))
	if err != nil {
		return err
	}
	n.forced = append(n.forced, took...)
	return f.reset(giver)
}

func (f *fleet) reset(giver *resilredis.Fleet) error {
	_, err := f.order(giver, resil.Order{Action: resil.ActionReset, Breaker: "Users"}, "reset", to(resil.StateClosed))
	return err
}

func (n *news) apply(f *fleet, giver *resilredis.Fleet, i int) error {
	want := fmt.Sprintf("%d/s", 100+i)
	took, err := f.order(giver, resil.Order{Action: resil.ActionApply, Overrides: resil.Overrides{"Users": {"limit": want}}}, want,
		func(l line) bool { return l.Limit == want })
	if err != nil {
		return err
	}
	n.applied = append(n.applied, took...)
	_, err = f.order(giver, resil.Order{Action: resil.ActionApply}, "taken back", func(l line) bool { return l.Limit != "" && l.Limit != want })
	return err
}

// suspect lets two processes fail. When the second breaker has opened, the others probe.
func (n *news) suspect(f *fleet, _ *resilredis.Fleet, _ int) error {
	since := time.Now()
	sick, well := true, false
	var opened time.Time
	for _, p := range f.all[:2] {
		if err := p.tell(request{Sick: &sick}); err != nil {
			return err
		}
	}
	for _, p := range f.all[:2] {
		l, err := p.first(since, "open", to(resil.StateOpen))
		if err != nil {
			return err
		}
		if l.At.After(opened) {
			opened = l.At
		}
	}
	for _, p := range f.all[2:] {
		l, err := p.first(since, "half-open", func(l line) bool { return to(resil.StateHalfOpen)(l) && l.Why == "suspected" })
		if err != nil {
			return err
		}
		n.suspected = append(n.suspected, max(l.At.Sub(opened), 0))
		if _, err := p.first(l.At, "closed again", to(resil.StateClosed)); err != nil {
			return err
		}
	}
	again := time.Now()
	for _, p := range f.all[:2] {
		if err := p.tell(request{Sick: &well}); err != nil {
			return err
		}
		if _, err := p.first(again, "recovered", to(resil.StateClosed)); err != nil {
			return err
		}
	}
	return nil
}
