package resil

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// A Profile records what a client sees while it runs: how long calls and attempts take, and
// how many there are at once and in a second. `resilgen explain -observed` compares that
// with the policies, and proposes numbers for them:
//
//	var profile resil.Profile
//	users, err := NewResilientUsers(backend, resil.WithProfile(&profile))
//	…
//	data, err := json.Marshal(&profile)
//
// The zero Profile is ready to use, for one client. It is safe for concurrent use, and must
// not be copied. It holds about 10 KB for each method that is called, however many calls there
// are.
type Profile struct{ client atomic.Pointer[Client] }

// WithProfile has the client record into p; nil is none. It costs each call what
// [WithDurations] does, which it includes, and a few atomic additions for the load. [New] fails where p has a client
// already, and where two profiles are given.
func WithProfile(p *Profile) Option {
	return func(opts *options) {
		if p != nil {
			opts.profiles = append(opts.profiles, p)
		}
	}
}

// Profile returns the profile of [WithProfile], nil for none.
func (c *Client) Profile() *Profile { return c.profile }

// A ProfileSnapshot is what a [Profile] has seen from the making of its client on. Its form
// in JSON is stable: fields may be added, and none is changed. Durations are in nanoseconds.
type ProfileSnapshot struct {
	Client    string          `json:"client"`    // the client's name
	Interface string          `json:"interface"` // that the client is for; not the name of WithName
	Seconds   float64         `json:"seconds"`   // how long it has looked
	Methods   []MethodProfile `json:"methods"`   // in the order of the interface
	Guards    []GuardProfile  `json:"guards"`    // breakers, limits and bulkheads
}

// A MethodProfile is what a profile has seen of one method. An attempt or a call is
// answered where the callee said anything but that it is ill: with a success, or with an
// error of class Application.
type MethodProfile struct {
	Name     string    `json:"name"`     // without the client's name
	Calls    uint64    `json:"calls"`    // that have ended
	Answered Durations `json:"answered"` // of calls that were answered
	Attempts Durations `json:"attempts"` // of attempts that were answered
	TimedOut uint64    `json:"timedOut"` // attempts that one of the method's timeouts has ended
	Load     Load      `json:"load"`
}

// A GuardProfile is what a profile has seen of the methods that share a breaker, limit or
// bulkhead.
type GuardProfile struct {
	Kind    string `json:"kind"`            // breaker, limit or bulkhead
	Name    string `json:"name"`            // as stats and errors show it
	Keyed   bool   `json:"keyed,omitempty"` // kept by key: Load is that of all keys together
	Refused uint64 `json:"refused"`         // calls that it has refused, and attempts that it would have refused if it did not observe
	Load    Load   `json:"load"`
}

// A Load says how many attempts reached the callee. Those that a guard refuses are not
// among them.
type Load struct {
	Attempts uint64 `json:"attempts"` // in all
	AtOnce   uint64 `json:"atOnce"`   // most that were under way at once
	InSecond uint64 `json:"inSecond"` // most that began within one second; of all seconds that begin at an eighth of one
}

// add puts the load of another client together with this one's: the largest, because each
// client has its own guards.
func (l *Load) add(o Load) {
	l.Attempts += o.Attempts
	l.AtOnce, l.InSecond = max(l.AtOnce, o.AtOnce), max(l.InSecond, o.InSecond)
}

// Merge adds what another client of the same interface has seen, for instance in another
// process: durations and counts are added up, and of times and of loads the largest counts.
// Methods and guards that only other has are added.
func (s *ProfileSnapshot) Merge(other ProfileSnapshot) {
	s.Seconds = max(s.Seconds, other.Seconds)
	for _, o := range other.Methods {
		i := slices.IndexFunc(s.Methods, func(m MethodProfile) bool { return m.Name == o.Name })
		if i < 0 {
			s.Methods = append(s.Methods, o)
			continue
		}
		m := &s.Methods[i]
		m.Calls += o.Calls
		m.TimedOut += o.TimedOut
		m.Answered, m.Attempts = m.Answered.with(o.Answered), m.Attempts.with(o.Attempts)
		m.Load.add(o.Load)
	}
	for _, o := range other.Guards {
		i := slices.IndexFunc(s.Guards, func(g GuardProfile) bool { return g.Kind == o.Kind && g.Name == o.Name })
		if i < 0 {
			s.Guards = append(s.Guards, o)
			continue
		}
		g := &s.Guards[i]
		g.Keyed = g.Keyed || o.Keyed
		g.Refused += o.Refused
		g.Load.add(o.Load)
	}
}

// Check returns what is wrong with a snapshot that was read from a file: names that are
// missing or stand twice, and numbers that no client can have counted.
func (s *ProfileSnapshot) Check() error {
	if s.Interface == "" {
		return errors.New("the profile names no interface")
	}
	if !(s.Seconds >= 0 && s.Seconds <= mostSeconds) {
		return fmt.Errorf("the profile of %s has looked for %v seconds", s.Interface, s.Seconds)
	}
	seen := map[string]bool{}
	check := func(what string, counts ...uint64) error {
		if seen[what] {
			return fmt.Errorf("the profile of %s has %s twice", s.Interface, what)
		}
		seen[what] = true
		if n := slices.Max(counts); n > mostCounted {
			return fmt.Errorf("the profile of %s has counted %d of something about %s, which is more than can be", s.Interface, n, what)
		}
		return nil
	}
	for _, m := range s.Methods {
		if err := check("method "+m.Name, m.Calls, m.TimedOut, m.Answered.Total(), m.Attempts.Total(), m.Load.Attempts, m.Load.AtOnce, m.Load.InSecond); err != nil {
			return err
		}
	}
	for _, g := range s.Guards {
		if err := check(g.Kind+" "+g.Name, g.Refused, g.Load.Attempts, g.Load.AtOnce, g.Load.InSecond); err != nil {
			return err
		}
	}
	return nil
}

// Bounds of what is believed. Sums of many profiles within them do not overflow.
const (
	mostCounted = 1 << 53 // a billion a second for a hundred days
	mostSeconds = 1e10    // 300 years
)

// MarshalJSON returns the profile's [ProfileSnapshot] in JSON.
func (p *Profile) MarshalJSON() ([]byte, error) { return json.Marshal(p.Snapshot()) }

// Snapshot returns what has been seen so far. Counters are read one after another: a call
// that ends meanwhile may be in one and not yet in the next. The zero snapshot is that of a
// profile without a client.
func (p *Profile) Snapshot() ProfileSnapshot {
	c := p.client.Load()
	if c == nil {
		return ProfileSnapshot{}
	}
	s := ProfileSnapshot{Client: c.name, Interface: c.declared.Name, Seconds: c.now().Seconds()}
	stats := make([]MethodStats, len(c.plans))
	for i, plan := range c.plans {
		stats[i] = plan.counts.snapshot(plan.name)
		seen := plan.seen
		s.Methods = append(s.Methods, MethodProfile{
			Name:     plan.name,
			Calls:    stats[i].Calls,
			Answered: plan.took.answeredCalls(),
			Attempts: plan.took.answeredAttempts(),
			TimedOut: seen.timedOut.Load(),
			Load:     seen.loads[0].snapshot(stats[i].Attempts),
		})
	}
	for _, g := range c.guardsSeen() {
		guard := GuardProfile{Kind: g.kind, Name: g.name, Keyed: g.keyed}
		var attempts uint64
		for _, i := range g.methods {
			attempts += stats[i].Attempts
			switch m := stats[i]; g.kind {
			case "breaker":
				guard.Refused += m.Open + m.WouldOpen
			case "limit":
				guard.Refused += m.Limited + m.WouldLimit
			case "bulkhead":
				guard.Refused += m.Full + m.WouldFull
			}
		}
		guard.Load = g.load.snapshot(attempts)
		s.Guards = append(s.Guards, guard)
	}
	return s
}

// bind makes p the profile of c, whose plans are there.
func (p *Profile) bind(c *Client) error {
	if !p.client.CompareAndSwap(nil, c) {
		return fmt.Errorf("resil: %s: the profile of WithProfile has a client already; make one for each client", c.name)
	}
	return nil
}

// seen is what has been seen of a method beside how long it took.
type seen struct {
	timedOut atomic.Uint64
	loads    []*load // of the method, and of the methods with which it shares a guard
}

// enter notes that an attempt reaches the callee, at a time by client.now.
func (s *seen) enter(at time.Duration) {
	for _, l := range s.loads {
		l.enter(at)
	}
}

// leave notes that an attempt that has entered is over.
func (s *seen) leave() {
	for _, l := range s.loads {
		l.now.Add(-1)
	}
}

// A guardSeen is a guard with its load.
type guardSeen struct {
	kind, name string
	keyed      bool
	methods    []int // that share it, by their place among the plans
	load       *load
}

// guardsSeen lists the guards by kind and then in the order of methods.
func (c *Client) guardsSeen() (list []guardSeen) {
	for _, kind := range []string{"breaker", "limit", "bulkhead"} {
		for i := range c.declared.Methods {
			guard, ok := c.declared.Methods[i].byKind(kind).(statePolicy)
			if !ok {
				continue
			}
			name, scope := guard.state()
			k := slices.IndexFunc(list, func(g guardSeen) bool { return g.kind == kind && g.name == name })
			if k < 0 {
				k = len(list)
				list = append(list, guardSeen{kind: kind, name: name, keyed: scope.keyed()})
			}
			list[k].methods = append(list[k].methods, i)
		}
	}
	for k, g := range list {
		list[k].load = c.loadOf(g.methods)
	}
	return list
}

// loadOf returns the load of methods, if there is one: one that all of them have and no
// other.
func (c *Client) loadOf(methods []int) *load {
	for _, l := range c.plans[methods[0]].seen.loads {
		if slices.Equal(l.methods, methods) {
			return l
		}
	}
	return nil
}

// watchLoads gives each method its loads. Guards that the same methods share have one.
func (c *Client) watchLoads() {
	for i, p := range c.plans {
		p.seen.loads = []*load{{methods: []int{i}}}
	}
	for _, g := range c.guardsSeen() {
		if c.loadOf(g.methods) != nil {
			continue
		}
		l := &load{methods: g.methods}
		for _, i := range g.methods {
			c.plans[i].seen.loads = append(c.plans[i].seen.loads, l)
		}
	}
}
