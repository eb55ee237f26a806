package resil

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// Chaos says which faults the attempts of a client meet, by method. A name is that of a
// method, Get, with or without the client's, Store.Get, or a pattern for several, as
// [path.Match] reads it: Get* or, for all methods, *. Where several fit a method, its own
// name goes before patterns, and a longer pattern before a shorter one.
type Chaos map[string]Fault

// A Fault is what happens to a share of the attempts of a method. It happens inside all
// guards, in the place of the callee or right before it is called, so that timeouts,
// retries and breakers meet it as they would meet the callee's own.
//
// The zero Fault is none. In a Chaos it exempts a method from a pattern.
type Fault struct {
	Errors Ratio // share of the attempts that fail, after the Latency if Slow hits them too; the callee is not called
	Err    error // what they fail with; nil: an error of class Infrastructure

	Slow       Ratio         // share of the attempts that wait before the callee is called, or before they fail; none of those that hang
	Latency    time.Duration // how long they wait
	LatencyMax time.Duration // if not 0, they wait for a random time between Latency and this

	// Hangs is the share of the attempts that last until their context ends. Where that
	// takes longer than a minute, they fail after a minute, as a lost connection does. The
	// callee is not called.
	Hangs Ratio

	// Always has the fault hit all calls. Otherwise it hits those whose context asks for
	// it: see [WantChaos].
	Always bool
}

// WithChaos has attempts of the client meet faults: errors, latency and hangs. It is for
// tests, for staging, and for trying in production, on purpose and in part, what the
// policies do when the backend is ill.
//
// A fault hits only calls whose context comes from [WantChaos], unless it says Always: a
// client that is given the option by mistake, or before anybody is ready, does no harm.
// Without the option nothing is hit, whatever contexts ask for, and it costs nothing. It
// may be given once; an empty Chaos leaves it to contexts and [Client.SetChaos] to say
// what happens. [New] fails where a name fits no method, and where a fault cannot mean
// anything.
//
// Injected errors wrap [ErrChaos]. A context that ends a latency or a hang is in the
// error too. The results of an attempt that was not made are zero values; where a method
// returns more than one value beside the error, those of the attempt before stay. A
// function that classifies results is not asked about them; an Err is classified as
// errors of the method are.
func WithChaos(chaos Chaos) Option {
	return func(opts *options) { opts.chaos = append(opts.chaos, chaos) }
}

// ErrChaos is found by errors.Is in errors that [WithChaos] has injected.
var ErrChaos = errors.New("injected by resil.WithChaos")

// SetChaos puts chaos in the place of the faults that were, also where [Client.StopChaos]
// has stopped them. It fails, and changes nothing, where [WithChaos] was not given to the
// constructor, and where that would refuse chaos. Observers are told of what has changed.
// Attempts under way stay as they are. SetChaos may be called concurrently.
func (c *Client) SetChaos(chaos Chaos) error {
	if !c.armed {
		return fmt.Errorf("resil: %s: no chaos without the option; give resil.WithChaos(nil) to the constructor", c.name)
	}
	if err := c.checkChaos(chaos); err != nil {
		return err
	}
	c.applying.Lock()
	defer c.applying.Unlock()
	c.swapChaos(maps.Clone(chaos), true)
	return nil
}

// StopChaos ends all faults, those that contexts bring too, until [Client.SetChaos] is
// called. Attempts that wait or hang already stay as they are. It does nothing where there
// is no chaos, and may be called concurrently.
func (c *Client) StopChaos() {
	if !c.armed {
		return
	}
	c.applying.Lock()
	defer c.applying.Unlock()
	c.swapChaos(nil, false)
}

// Chaos returns a copy of the client's faults. on is false where [WithChaos] was not given,
// and after [Client.StopChaos].
func (c *Client) Chaos() (chaos Chaos, on bool) {
	c.applying.Lock()
	defer c.applying.Unlock()
	return maps.Clone(c.chaos), c.chaosOn.Load()
}

// swapChaos puts faults in force. The caller holds c.applying, except in New.
func (c *Client) swapChaos(next Chaos, on bool) {
	changes := c.chaosChanges(next, on)
	c.chaos = next
	c.chaosOn.Store(on)
	for _, p := range c.plans {
		fault, _ := next.of(p.aliases())
		p.faults.inForce.Store(&fault)
	}
	if len(changes) > 0 {
		c.events.add(context.Background(), Event{Kind: EventApplied, Client: c.name, Changes: changes})
	}
}

// chaosChanges returns what next changes in the client's faults.
func (c *Client) chaosChanges(next Chaos, on bool) (list []Change) {
	if was := c.chaosOn.Load(); was != on {
		switched := map[bool]string{false: "off", true: "on"}
		list = append(list, Change{Target: c.name, Directive: "chaos", Key: "faults", From: switched[was], To: switched[on]})
	}
	both := maps.Clone(c.chaos)
	if both == nil {
		both = Chaos{}
	}
	maps.Copy(both, next)
	for _, pattern := range slices.Sorted(maps.Keys(both)) {
		from, to := c.chaos.text(pattern), next.text(pattern)
		if from != to {
			list = append(list, Change{Target: c.name, Directive: "chaos", Key: pattern, From: from, To: to})
		}
	}
	return list
}

func (c Chaos) text(pattern string) string {
	if fault, ok := c[pattern]; ok {
		return fault.String()
	}
	return ""
}

// String returns the fault in the words of its fields, such as
// "errors=5% slow=10% latency=1s..2s hangs=1% always".
func (f Fault) String() string {
	var words []string
	if f.Errors > 0 {
		words = append(words, "errors="+f.Errors.String())
	}
	if f.Err != nil {
		words = append(words, fmt.Sprintf("err=%q", f.Err))
	}
	if f.Slow > 0 {
		latency := directive.Duration(f.Latency)
		if f.LatencyMax > 0 {
			latency += ".." + directive.Duration(f.LatencyMax)
		}
		words = append(words, "slow="+f.Slow.String(), "latency="+latency)
	}
	if f.Hangs > 0 {
		words = append(words, "hangs="+f.Hangs.String())
	}
	if f.Always {
		words = append(words, "always")
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, " ")
}

// of returns the fault for a method that has several names. ok is false where none fits.
func (c Chaos) of(names []string) (fault Fault, ok bool) {
	best := ""
	for pattern := range c {
		if !fits(pattern, names) {
			continue
		}
		if slices.Contains(names, pattern) {
			return c[pattern], true
		}
		if !ok || len(pattern) > len(best) || len(pattern) == len(best) && pattern < best {
			best, ok = pattern, true
		}
	}
	return c[best], ok
}

// fits reports whether a pattern, or a name, stands for a method of these names.
func fits(pattern string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}

// aliases are the names by which a Chaos may call the method.
func (p *plan) aliases() []string {
	names := []string{p.name, p.fullName}
	if full := p.client.declared.Name + "." + p.name; full != p.fullName {
		names = append(names, full)
	}
	return names
}

// checkChaos returns everything that is wrong with faults for the client.
func (c *Client) checkChaos(chaos Chaos) error {
	errs := []error{chaos.check()}
	var known []string
	for _, p := range c.plans {
		known = append(known, p.aliases()...)
	}
	for _, pattern := range slices.Sorted(maps.Keys(chaos)) {
		if _, err := path.Match(pattern, ""); err == nil && !fits(pattern, known) {
			var methods []string
			for _, p := range c.plans {
				methods = append(methods, p.name)
			}
			errs = append(errs, fmt.Errorf("chaos of %s: %s", pattern, directive.Unknown("method", pattern, methods)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("resil: %s: %w", c.name, err)
	}
	return nil
}

// check returns everything that is wrong with faults of whatever client.
func (c Chaos) check() error {
	var errs []error
	for _, pattern := range slices.Sorted(maps.Keys(c)) {
		wrong := func(is bool, format string, args ...any) {
			if is {
				errs = append(errs, fmt.Errorf("chaos of %s: %s", pattern, fmt.Sprintf(format, args...)))
			}
		}
		f := c[pattern]
		_, err := path.Match(pattern, "")
		wrong(err != nil, "not a valid pattern: write a method's name, * for any letters, ? for one letter, [a-z] for one of several")
		for _, share := range []struct {
			name string
			Ratio
		}{{"Errors", f.Errors}, {"Slow", f.Slow}, {"Hangs", f.Hangs}} {
			wrong(share.Ratio < 0 || share.Ratio > hundredPercent, "%s: %s is not between 0%% and 100%%", share.name, share.Ratio)
		}
		wrong(f.Errors+f.Hangs > hundredPercent, "Errors and Hangs are more than 100%% together")
		wrong(f.Slow > 0 && f.Latency <= 0 && f.LatencyMax <= 0, "Slow has no effect without a Latency")
		wrong(f.Slow == 0 && (f.Latency != 0 || f.LatencyMax != 0), "Latency has no effect without Slow, the share of attempts that it hits")
		wrong(f.Latency < 0 || f.LatencyMax != 0 && f.LatencyMax < f.Latency, "Latency and LatencyMax: %s to %s is no span of time", f.Latency, f.LatencyMax)
		wrong(f.Err != nil && f.Errors == 0, "Err has no effect without Errors, the share of attempts that it hits")
	}
	return errors.Join(errs...)
}

type wishKey struct{}

// A wish is what a context asks for. A nil own Chaos asks for what the clients have.
type wish struct{ own Chaos }

// WantChaos returns a context whose calls ask for faults. Without own, these are the faults
// in force of each client that the call passes: see [WithChaos] and [Client.SetChaos]. With
// own, of which the last counts, these are the faults of own. They go before those of the
// client. Methods that own does not name meet the faults of the client that say Always, and
// no others. WantChaos has no effect on clients without the option WithChaos, and none after
// [Client.StopChaos].
//
//	ctx = resil.WantChaos(ctx, resil.Chaos{"Store.Get": {Errors: 100 * resil.Percent}})
//
// makes each attempt of Store.Get fail. Names in own that fit no method are of no effect,
// because a context may pass through any number of clients. WantChaos panics where a fault
// of own cannot mean anything.
func WantChaos(ctx context.Context, own ...Chaos) context.Context {
	var w wish
	for _, chaos := range own {
		if err := chaos.check(); err != nil {
			panic(fmt.Sprintf("resil.WantChaos: %v", err))
		}
		w.own = maps.Clone(chaos)
		if w.own == nil {
			w.own = Chaos{}
		}
	}
	return context.WithValue(ctx, wishKey{}, &w)
}
