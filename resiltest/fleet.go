package resiltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/resilgen/resilgen/internal/lease"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Fleet ties the clients of a test together as integrations/redis ties those of many
// processes, in memory. Each client is a process of its own: make two of one name to see
// what they share. Answers come at once, on goroutines of their own, which end by themselves.
// It is safe for concurrent use.
//
//	fleet := resiltest.NewFleet()
//	users := resil.Must(NewResilientUsers(script, resil.WithFleet(fleet)))
type Fleet struct {
	began   time.Time
	telling sync.Mutex // one after the other, so that the last that members hear is the last state

	mu      sync.Mutex
	lost    bool
	given   int // orders
	buckets map[[3]string]*lease.Bucket
	members []*resil.Member
	open    map[report]time.Time
	orders  []resil.Order
}

// A report is that a breaker of a process is open.
type report struct {
	process              *resil.Member
	client, breaker, key string
}

// NewFleet returns a fleet without members. In a bubble of testing/synctest, make it there.
func NewFleet() *Fleet {
	return &Fleet{began: time.Now(), buckets: map[[3]string]*lease.Bucket{}, open: map[report]time.Time{}}
}

var _ resil.Fleet = (*Fleet)(nil)

// ErrLost is what a fleet says while it is lost.
var ErrLost = errors.New("resiltest: the store of the fleet is lost")

// Lose has the store answer nothing any more, until Find.
func (f *Fleet) Lose() {
	f.mu.Lock()
	f.lost = true
	members := slices.Clone(f.members)
	f.mu.Unlock()
	for _, m := range members {
		m.Lost(ErrLost)
	}
}

// Find has the store answer again.
func (f *Fleet) Find() {
	f.mu.Lock()
	f.lost = false
	f.mu.Unlock()
	f.tell()
}

// Join is called by [resil.New].
func (f *Fleet) Join(m *resil.Member) error {
	f.mu.Lock()
	f.members = append(f.members, m)
	f.mu.Unlock()
	f.tell()
	return nil
}

// Ask is called by limits.
func (f *Fleet) Ask(a *resil.Ask) {
	go func() {
		g, err := f.grant(a)
		a.Answer(g, err)
	}()
}

func (f *Fleet) grant(a *resil.Ask) (resil.Grant, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost {
		return resil.Grant{}, ErrLost
	}
	name := [3]string{a.Member.Client().Name(), a.Limit, a.Key}
	if f.buckets[name] == nil {
		f.buckets[name] = new(lease.Bucket)
	}
	rate := float64(a.Rate.Count) / a.Rate.Per.Seconds()
	return resil.Grant(f.buckets[name].Take(time.Since(f.began), rate, a.Burst, a.Tokens, slices.Index(f.members, a.Member))), nil
}

// Report is called by breakers.
func (f *Fleet) Report(m *resil.Member, s resil.Suspicion) {
	f.mu.Lock()
	r := report{m, m.Client().Name(), s.Breaker, s.Key}
	if delete(f.open, r); s.For > 0 {
		f.open[r] = time.Now().Add(s.For)
	}
	f.mu.Unlock()
	go f.tell()
}

// Order gives an order to the clients of a name.
func (f *Fleet) Order(_ context.Context, o resil.Order) error {
	f.mu.Lock()
	if f.lost {
		f.mu.Unlock()
		return ErrLost
	}
	f.given++
	o.ID, o.At = fmt.Sprint(f.given), time.Now()
	f.orders = slices.DeleteFunc(f.orders, func(was resil.Order) bool {
		return was.Client == o.Client && was.Breaker == o.Breaker && was.Key == o.Key && (was.Action == resil.ActionApply) == (o.Action == resil.ActionApply)
	})
	f.orders = append(f.orders, o)
	f.mu.Unlock()
	f.tell()
	return nil
}

// tell tells all members what there is.
func (f *Fleet) tell() {
	f.telling.Lock()
	defer f.telling.Unlock()
	f.mu.Lock()
	members, lost := slices.Clone(f.members), f.lost
	f.mu.Unlock()
	if lost {
		return
	}
	for _, m := range members {
		m.Update(f.state(m.Client().Name()))
	}
}

func (f *Fleet) state(client string) (s resil.FleetState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.members {
		if m.Client().Name() == client {
			s.Processes++
		}
	}
	for r, until := range f.open {
		left := time.Until(until)
		if r.client != client || left <= 0 {
			continue
		}
		i := slices.IndexFunc(s.Suspicions, func(s resil.Suspicion) bool { return s.Breaker == r.breaker && s.Key == r.key })
		if i < 0 {
			i = len(s.Suspicions)
			s.Suspicions = append(s.Suspicions, resil.Suspicion{Breaker: r.breaker, Key: r.key})
		}
		s.Suspicions[i].Processes++
		s.Suspicions[i].For = max(s.Suspicions[i].For, left)
	}
	for _, o := range f.orders {
		left := time.Until(o.At.Add(o.For))
		if o.Client != client || o.For > 0 && left <= 0 {
			continue
		}
		if o.For > 0 {
			o.For = left
		}
		s.Orders = append(s.Orders, o)
	}
	return s
}
