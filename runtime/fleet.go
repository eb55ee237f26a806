package resil

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Fleet ties a client to those of the same name in other processes, through a store that
// they share. Package resilredis, in integrations/redis, has one on Redis.
//
// A fleet serves any number of clients and is safe for concurrent use. None of its methods
// but Order waits for the store, so that no call does: what the store says comes back
// through the [Member] and the [Ask] on goroutines of the fleet.
type Fleet interface {
	// Join makes a client a member. [New] calls it last, when the client is ready for
	// orders. It may take some milliseconds, for what is known already to be in force when
	// the first call is made. An error ends New; a store that does not answer is none.
	Join(m *Member) error

	// Ask asks the store for tokens of a limit. For each call of Ask, [Ask.Answer] is called
	// once, on another goroutine: the caller of Ask holds a lock that Answer takes.
	Ask(a *Ask)

	// Report tells the other processes what a breaker of m has come to. It replaces what was
	// reported before of the same breaker and key. Report must not call [Member.Update], nor
	// wait for it: the caller holds a lock that Update takes.
	Report(m *Member, s Suspicion)

	// Order publishes an order, which is to reach every process of the client that it names,
	// those that come later too. It returns when the store has it, or an error.
	Order(ctx context.Context, o Order) error
}

// WithFleet makes the client a member of f, with all clients of its name in processes that
// share the store of f. Its limits and breakers with scope=fleet need one; orders reach the
// others too. The client stays a member as long as the fleet is there. [New] fails where it
// is given twice.
func WithFleet(f Fleet) Option {
	return func(opts *options) { opts.fleets = append(opts.fleets, f) }
}

// checkFleet returns what is wrong with the fleets that the client of a spec was given.
func (s *Spec) checkFleet(fleets []Fleet) error {
	if len(fleets) > 1 {
		return fmt.Errorf("resil: %s: %d fleets are given; keep one", s.shownName(), len(fleets))
	}
	if len(fleets) == 1 {
		if isNilPointer(fleets[0]) {
			return fmt.Errorf("resil: %s: the fleet of WithFleet is nil; make one, or leave the option out", s.shownName())
		}
		return nil
	}
	var errs []error
	told := map[string]bool{}
	for i := range s.Methods {
		for kind, guard := range s.Methods[i].guards {
			name, _ := guard.state()
			if extentOf(guard) != ExtentFleet || told[kind+name] {
				continue
			}
			told[kind+name] = true
			errs = append(errs, fmt.Errorf("resil: the %s %s has scope=fleet, and the client belongs to no fleet: "+
				"give the constructor resil.WithFleet(fleet), where fleet is that of resilredis.New(client), or write scope=process", kind, name))
		}
	}
	return errors.Join(errs...)
}

// extentOf is the extent of a guard. A bulkhead has none.
func extentOf(guard statePolicy) Extent {
	switch g := guard.(type) {
	case *Breaker:
		return g.Extent
	case *Limit:
		return g.Extent
	}
	return ExtentProcess
}

// A Member is a client as its [Fleet] sees it. The fleet tells it what the store says. It
// is safe for concurrent use.
type Member struct {
	client    *Client
	fleet     Fleet
	processes atomic.Int64 // that are known, 0 for none

	asks, failed, asked, granted atomic.Uint64

	updating  sync.Mutex                    // one update after the other; guards the next three
	done      map[orderTarget]string        // IDs of the orders that were obeyed
	forced    map[orderTarget]force         // those in force
	suspected map[orderTarget]time.Duration // until when, by client.now

	mu        sync.Mutex // guards what follows
	status    FleetStatus
	since     time.Time
	lastError error
	failedAt  time.Time
	state     FleetState
	refused   error // why the last overrides were not
}

// newMember returns nil for no fleet.
func newMember(c *Client, fleets []Fleet) *Member {
	if len(fleets) == 0 {
		return nil
	}
	return &Member{client: c, fleet: fleets[0], status: FleetJoining, since: time.Now(), done: map[orderTarget]string{}}
}

func (m *Member) join() error {
	if m == nil {
		return nil
	}
	return m.fleet.Join(m)
}

// Client returns the client.
func (m *Member) Client() *Client { return m.client }

// A FleetState is what a store knows of a client.
type FleetState struct {
	Processes  int         // that have the client, this one included
	Suspicions []Suspicion // what has been reported of its breakers and still holds
	Orders     []Order     // the last for each breaker and key, and the last overrides
	Err        error       // why it does not serve all that is asked; nil if it does
}

// Update tells the member all that the store knows now. What it has been told before and
// has done is not done again. The slices and overrides in s must not be changed afterwards. An error says which of the orders the client cannot obey,
// however often it has said so; the others are in force.
func (m *Member) Update(s FleetState) error {
	m.updating.Lock()
	defer m.updating.Unlock()
	m.processes.Store(int64(max(s.Processes, 1)))
	m.mu.Lock()
	m.state = s
	m.mu.Unlock()
	if s.Err != nil {
		m.turn(FleetDegraded, s.Err)
	} else {
		m.turn(FleetConnected, nil)
	}
	m.suspect(s)
	return m.obey(s.Orders)
}

// Assume tells the member how many processes to reckon with until the first Update.
func (m *Member) Assume(processes int) { m.processes.CompareAndSwap(0, int64(processes)) }

// Lost tells the member that the store does not answer, and why. Its limits notice that by
// themselves, from the asks that fail.
func (m *Member) Lost(err error) { m.turn(FleetDegraded, err) }

// turn notes a status, and tells observers if it is another.
func (m *Member) turn(status FleetStatus, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.lastError, m.failedAt = err, time.Now()
	}
	was := m.status
	if was == status {
		return
	}
	m.status, m.since = status, time.Now()
	if was == FleetJoining && status == FleetConnected {
		return
	}
	m.client.events.add(context.Background(), Event{Kind: EventFleet, Client: m.client.name, Fleet: status, Err: err})
}

// A FleetStatus says whether the store of a fleet serves the client.
type FleetStatus uint8

const (
	FleetNone      FleetStatus = iota // the client belongs to no fleet
	FleetJoining                      // it has not answered yet
	FleetConnected                    // it serves all that is asked
	FleetDegraded                     // it does not answer, or not serve all that is asked; limits that it does not serve are divided by the last known number of processes
)

var fleetStatuses = directive.Enum[FleetStatus]{"none", "joining", "connected", "degraded"}

func (s FleetStatus) String() string { return fleetStatuses.Text(s) }

// FleetStats tell how a client and its fleet stand.
type FleetStats struct {
	Status    FleetStatus
	Since     time.Time // of the status
	Processes int       // last known, this one included; 0 for none known
	LastError error     // of the store; nil for none
	FailedAt  time.Time // when that was

	Asks     uint64 // asks for tokens that were answered
	AsksLost uint64 // those that failed
	Asked    uint64 // tokens asked for
	Granted  uint64 // tokens granted

	Suspicions []Suspicion // last known
	Orders     []Order     // last known
	Refused    error       // why the fleet's overrides are not in force here; nil for none
}

// stats of no member are zero.
func (m *Member) stats() FleetStats {
	if m == nil {
		return FleetStats{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return FleetStats{
		Status:     m.status,
		Since:      m.since,
		Processes:  int(m.processes.Load()),
		LastError:  m.lastError,
		FailedAt:   m.failedAt,
		Asks:       m.asks.Load(),
		AsksLost:   m.failed.Load(),
		Asked:      m.asked.Load(),
		Granted:    m.granted.Load(),
		Suspicions: slices.Clone(m.state.Suspicions),
		Orders:     slices.Clone(m.state.Orders),
		Refused:    m.refused,
	}
}

// KeyText returns the text of a key as other processes know it, and as [Order] has it. A
// string stands for itself. A number, a truth value, and what has a String method are as fmt
// prints them, all else as Go writes it. A String method of a key must not use the client: it
// may be called while a lock of the client is held.
func KeyText(key any) string {
	v := reflect.ValueOf(key)
	if key == nil {
		return ""
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	if _, ok := key.(fmt.Stringer); ok {
		return fmt.Sprint(key)
	}
	switch v.Kind() {
	case reflect.Array, reflect.Struct:
		return fmt.Sprintf("%#v", key)
	}
	return fmt.Sprint(key)
}

// text is the key of an entry as other processes know it; "" for no entry.
func (e *entry) text() string {
	if e.isOverflow() {
		return ""
	}
	return KeyText(e.key.get())
}
