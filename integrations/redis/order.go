package resilredis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// An order as it is kept in Redis.
type order struct {
	ID        string          `json:"id"`
	Action    resil.Action    `json:"action"`
	Breaker   string          `json:"breaker,omitempty"`
	Key       string          `json:"key,omitempty"`
	Timed     bool            `json:"timed,omitempty"` // it forces for the time for which the field is good
	Overrides resil.Overrides `json:"overrides,omitempty"`
	By        string          `json:"by,omitempty"`
}

// orderOf is the order that a field has; false if its time has passed, or if it cannot be
// read.
func orderOf(client string, f field, now int64) (resil.Order, bool) {
	var o order
	if json.Unmarshal([]byte(f.text), &o) != nil {
		return resil.Order{}, false
	}
	length := left(f, now)
	if f.till > 0 && length <= 0 {
		return resil.Order{}, false
	}
	full := resil.Order{Client: client, Action: o.Action, Breaker: o.Breaker, Key: o.Key, Overrides: o.Overrides, By: o.By, At: time.UnixMicro(f.at), ID: o.ID}
	if o.Timed {
		full.For = length
	}
	return full, true
}

// orders are those that fields have, by breaker and key.
func orders(client string, fields map[string]field, now int64) (all []resil.Order) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if o, ok := orderOf(client, fields[name], now); ok {
			all = append(all, o)
		}
	}
	return all
}

// Order publishes an order for all processes of the client o.Client. Where that client is a
// member of the fleet in this process too, an order that it cannot obey is refused. It needs
// no At and no ID. It waits for Redis, up to a second.
func (f *Fleet) Order(ctx context.Context, o resil.Order) error {
	for _, m := range f.joined() {
		if m.Client().Name() == o.Client {
			if err := m.Check(o); err != nil {
				return err
			}
		}
	}
	switch {
	case o.Client == "":
		return errors.New("resilredis: the order names no client")
	case o.Action != resil.ActionApply && o.Breaker == "":
		return errors.New("resilredis: the order names no breaker")
	}
	kept := order{ID: fmt.Sprintf("%s-%d", f.self, time.Now().UnixNano()), Action: o.Action, Breaker: o.Breaker, Key: o.Key, Overrides: o.Overrides, By: o.By}
	c := change{name: o.Breaker + separator + o.Key}
	switch o.Action {
	case resil.ActionApply:
		c.name = "overrides"
		if len(o.Overrides) == 0 {
			c.good = listed // for those who do not know yet
		}
	case resil.ActionReset:
		c.good = listed
	default:
		c.good, kept.Timed = o.For, o.For > 0
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	c.text = string(text)
	if err := f.guarded.Write(ctx, write{client: o.Client, hash: "orders", fields: []change{c}}); err != nil {
		return fmt.Errorf("resilredis: the order is not published: %w", err)
	}
	f.poke()
	return nil
}

// A Status is how the fleet of a client stands.
type Status struct {
	Client     string
	Processes  []Process // by name
	Orders     []resil.Order
	Suspicions []resil.Suspicion
}

// A Process is one of a fleet.
type Process struct {
	Name    string
	Host    string
	PID     int
	Started time.Time // when it joined
	Refused string    // what it says of orders that it cannot obey
}

// Clients returns the names of the clients that have been in the fleet in the last day, sorted.
func (f *Fleet) Clients(ctx context.Context) ([]string, error) {
	names, err := f.guarded.List(ctx)
	slices.Sort(names)
	return names, err
}

// Status returns how the fleet of a client stands, whether or not this process has such a
// client.
func (f *Fleet) Status(ctx context.Context, client string) (Status, error) {
	s := Status{Client: client}
	reads := []reading{{client: client}}
	if err := f.guarded.Read(ctx, reads); err != nil {
		return s, err
	}
	abouts, err := f.guarded.About(ctx, client)
	if err != nil {
		return s, err
	}
	for name, text := range abouts {
		var a about
		if json.Unmarshal([]byte(text), &a) == nil {
			s.Processes = append(s.Processes, Process{Name: name, Host: a.Host, PID: a.PID, Started: a.Started, Refused: a.Refused})
		}
	}
	slices.SortFunc(s.Processes, func(a, b Process) int { return strings.Compare(a.Name, b.Name) })
	s.Suspicions = suspicions(reads[0].suspects, reads[0].now)
	s.Orders = orders(client, reads[0].orders, reads[0].now)
	return s, nil
}
