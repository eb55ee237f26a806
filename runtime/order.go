package resil

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/resilgen/resilgen/internal/directive"
)

// An Order is what somebody has all processes of a fleet do.
//
// Each process obeys an order once. What it forces can be changed in one process by hand
// after that, with [CircuitBreaker.Reset] for example. The overrides of an order go over those
// of [WithOverrides] and [Client.Apply], word by word; they last until others are ordered, and
// empty ones take them back.
type Order struct {
	Client string // name of the client
	Action Action

	Breaker string        // its name; for all actions but ActionApply
	Key     string        // text of the key, as KeyText has it; "" where the breaker is not kept by key
	For     time.Duration // of a force, how long it lasts, or is to last yet; 0 for until ActionReset

	Overrides Overrides // for ActionApply

	By string    // who gave it
	At time.Time // when, by the clock of the store
	ID string    // that the fleet has given it
}

// An Action is what an order wants.
type Action uint8

const (
	ActionForceOpen  Action = iota // as [CircuitBreaker.ForceOpen] and ForceOpenFor
	ActionForceClose               // as [CircuitBreaker.ForceClose] and ForceCloseFor
	ActionReset                    // as [CircuitBreaker.Reset]
	ActionApply                    // as [Client.Apply], over the client's own overrides
)

var actions = directive.Enum[Action]{"open", "close", "reset", "apply"}

func (a Action) String() string { return actions.Text(a) }

// MarshalText returns the action's text.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads open, close, reset or apply.
func (a *Action) UnmarshalText(t []byte) error { return actions.Read(a, t) }

// commands are the actions on a breaker as the text of an order has them.
var commands = directive.Enum[Action]{"force open", "force closed", "reset"}

func (o Order) String() string {
	switch {
	case o.Action == ActionApply && len(o.Overrides) == 0:
		return o.Client + ": take the overrides back"
	case o.Action == ActionApply:
		var words []string
		for _, target := range slices.Sorted(maps.Keys(o.Overrides)) {
			for _, policy := range slices.Sorted(maps.Keys(o.Overrides[target])) {
				words = append(words, target+" "+policy+" "+o.Overrides[target][policy])
			}
		}
		return fmt.Sprintf("%s: apply %s", o.Client, strings.Join(words, ", "))
	}
	text := fmt.Sprintf("%s: %s breaker %s", o.Client, commands.Text(o.Action), o.Breaker)
	if o.Key != "" {
		text += " of " + o.Key
	}
	if o.For > 0 {
		length := o.For
		if length > time.Second {
			length = length.Round(time.Second)
		}
		text += " for " + length.String()
	}
	return text
}

// Order has the client's [Fleet] give an order to all its processes, this one included. o
// needs no Client, At and ID. An order that this client could not obey is refused. Order
// returns when the store has the order, and waits no longer than ctx; the processes obey
// within a second or, where the store does not answer, as soon as it does.
func (c *Client) Order(ctx context.Context, o Order) error {
	if c.member == nil {
		return fmt.Errorf("resil: client %s belongs to no fleet; give its constructor resil.WithFleet", c.name)
	}
	o.Client = c.name
	if err := c.member.Check(o); err != nil {
		return err
	}
	return c.member.fleet.Order(ctx, o)
}

// Check returns what is wrong with an order for the client.
func (m *Member) Check(o Order) error {
	c := m.client
	if o.Action == ActionApply {
		c.applying.Lock()
		defer c.applying.Unlock()
		_, err := c.prepareUnder(c.overrides, o.Overrides)
		return err
	}
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("resil: order for %s: %s", c.name, fmt.Sprintf(format, args...))
	}
	g := c.breakers[o.Breaker]
	switch {
	case o.Action > ActionApply:
		return wrong("there is no action %d", o.Action)
	case len(c.breakers) == 0:
		return wrong("it has no breaker")
	case g == nil:
		return wrong("%s", directive.Unknown("breaker", o.Breaker, slices.Sorted(maps.Keys(c.breakers))))
	case g.scope.keyed() && o.Key == "":
		return wrong("breaker %s is kept by key; say which", o.Breaker)
	case !utf8.ValidString(o.Key):
		return wrong("the key %s is no valid text, and others would read another", directive.Printable(o.Key))
	case !g.scope.keyed() && o.Key != "":
		return wrong("breaker %s is not kept by key; leave the key %s out", o.Breaker, directive.Printable(o.Key))
	case o.For < 0 || o.For > 0 && o.Action == ActionReset:
		return wrong("a time of %s means nothing here", directive.Duration(o.For))
	}
	return nil
}

type orderTarget struct{ breaker, key string } // empty for overrides

// A force is an order that is in force for keys that come later.
type force struct {
	order *Order
	from  time.Duration // when its For was what is left, by client.now
}

// obey does what orders say that were not obeyed before.
func (m *Member) obey(orders []Order) error {
	var errs []error
	now := m.client.now()
	m.forced = map[orderTarget]force{}
	var fresh []*Order
	var overrides *Order // that are new
	for i := range orders {
		o := &orders[i]
		if o.Action != ActionApply {
			if err := m.Check(*o); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		if o.Action <= ActionForceClose {
			m.forced[o.target()] = force{o, now}
		}
		isNew := m.done[o.target()] != o.ID
		if isNew || o.Action == ActionApply && m.refused != nil { // it may go with the client's own overrides now
			fresh = append(fresh, o)
		}
		if isNew && o.Action == ActionApply {
			overrides = o
		}
		m.done[o.target()] = o.ID
	}
	m.tell() // before: a key that comes meanwhile is held then, or told
	var targets []orderTarget
	for _, o := range fresh {
		targets = append(targets, o.target())
	}
	circuits := m.named(targets)
	for _, o := range fresh {
		if o.Action != ActionApply {
			for _, c := range circuits[o.target()] {
				c.force(o.phase(), o.For)
			}
			continue
		}
		err := m.client.applyOrdered(o.Overrides)
		m.mu.Lock()
		m.refused = err
		m.mu.Unlock()
		if err != nil && o == overrides {
			m.client.events.add(context.Background(), Event{Kind: EventFleet, Client: m.client.name, Fleet: FleetConnected, Err: err})
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return errors.Join(append(errs, m.refused)...)
}

func (o *Order) target() orderTarget {
	if o.Action == ActionApply {
		return orderTarget{}
	}
	return orderTarget{o.Breaker, o.Key}
}

// phase returns what makes the phase that the order wants.
func (o *Order) phase() func(*CircuitBreaker) *phase {
	by := o.By
	return func(c *CircuitBreaker) *phase {
		switch o.Action {
		case ActionForceOpen:
			p := c.forcedOpen()
			p.why.By = by
			return p
		case ActionForceClose:
			return c.forcedClosed()
		}
		return c.closed(nil)
	}
}

// applyOrdered puts the overrides of the fleet in force, over the client's own.
func (c *Client) applyOrdered(o Overrides) error {
	c.applying.Lock()
	defer c.applying.Unlock()
	next, err := c.prepareUnder(c.overrides, o)
	if err != nil {
		return err
	}
	c.ordered = o.clone()
	c.swap(next, c.overrides)
	return nil
}
