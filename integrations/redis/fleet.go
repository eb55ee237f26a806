package resilredis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	resil "github.com/resilgen/resilgen/runtime"
)

// ErrClosed is what a fleet fails with that was closed.
var ErrClosed = errors.New("resilredis: the fleet is closed")

// A Fleet is this process's part of the fleets of its clients. It is safe for concurrent
// use. [Fleet.Close] ends its goroutines.
type Fleet struct {
	options
	guarded *resilientStore
	redis   redis.UniversalClient // ours
	self    string
	pubsub  *redis.PubSub

	processes atomic.Int64 // last known

	ctx    context.Context
	cancel context.CancelFunc
	ended  sync.WaitGroup
	wanted chan struct{} // has one when there are asks
	poked  chan struct{} // has one when there is something to read or to write

	mu      sync.Mutex
	closed  bool
	asks    []lease
	members []*member
}

var _ resil.Fleet = (*Fleet)(nil)

type options struct {
	prefix  string
	assumed int // processes, until more is known
	store   []resil.Option
}

// An Option changes a fleet as it is made.
type Option func(*options)

// WithPrefix has all keys begin with a prefix other than "resil", so that two environments
// on one Redis are two fleets.
func WithPrefix(prefix string) Option { return func(o *options) { o.prefix = prefix } }

// WithProcesses says how many processes to reckon with until Redis has answered for the first
// time. The default is 1: a process that starts while Redis is gone has the whole limit
// for itself.
func WithProcesses(n int) Option { return func(o *options) { o.assumed = max(n, 1) } }

// WithStoreOptions has options for the client that guards Redis, such as [resil.WithRegistry]
// for it to be on the page with the others. It is called resilredis.
func WithStoreOptions(opts ...resil.Option) Option {
	return func(o *options) { o.store = append(o.store, opts...) }
}

// New returns a fleet on the Redis of client, which may be a single server, one behind
// sentinels, or a cluster. It opens connections of its own, with the client's options but for
// those about time and repetition: so a slow Redis takes none of the caller's, and the
// caller may close the client. Where client is of another type, the fleet uses its
// connections, and it should obey contexts (ContextTimeoutEnabled).
//
// New does not wait for Redis, and needs none to be there.
func New(client redis.UniversalClient, opts ...Option) *Fleet {
	f := &Fleet{options: options{prefix: "resil", assumed: 1}, self: processName(), wanted: make(chan struct{}, 1), poked: make(chan struct{}, 1)}
	for _, opt := range opts {
		opt(&f.options)
	}
	f.redis = own(client)
	f.guarded = resil.Must(newResilientStore(&server{client: f.redis, prefix: f.prefix}, append([]resil.Option{resil.WithName("resilredis")}, f.store...)...))
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.pubsub = f.redis.Subscribe(f.ctx)
	f.ended.Go(f.lend)
	f.ended.Go(f.look)
	f.ended.Go(f.listen)
	return f
}

// own returns a client with connections of its own that gives up when it is told to.
func own(client redis.UniversalClient) redis.UniversalClient {
	switch c := client.(type) {
	case *redis.Client:
		o := *c.Options()
		o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries = true, -1, 1
		o.PoolSize, o.MinIdleConns, o.MaxActiveConns = 4, 0, 0
		o.PushNotificationProcessor = nil // that of the other client has its handlers
		o.ClientSideCache, o.ClientSideCacheConfig = nil, nil
		o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
		return redis.NewClient(&o)
	case *redis.ClusterClient:
		o := *c.Options()
		o.ContextTimeoutEnabled, o.MaxRetries = true, -1
		o.PoolSize, o.MinIdleConns, o.MaxActiveConns = 4, 0, 0
		o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
		return redis.NewClusterClient(&o)
	}
	return shared{client}
}

// shared is a client that others use too, and close.
type shared struct{ redis.UniversalClient }

func (shared) Close() error { return nil }

// processName tells processes apart, and lets people know which one it is.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), strings.ToLower(rand.Text()[:8]))
}

// Store returns the client that guards Redis, for its stats and for manual control: forced
// open, it parts this process from the fleet.
func (f *Fleet) Store() *resil.Client { return f.guarded.Resilience() }

// Process is the name of this process in the fleet.
func (f *Fleet) Process() string { return f.self }

// memberName is the name of another member of a client of this process. The caller holds mu.
func (f *Fleet) memberName(client string) string {
	n := 1
	for _, m := range f.members {
		if m.Client().Name() == client {
			n++
		}
	}
	if n == 1 {
		return f.self
	}
	return fmt.Sprint(f.self, another, n)
}

// another stands before the number of a member beyond the first that a process has of a client.
const another = "#"

// processOf is the process of a member.
func processOf(member string) string {
	if i := strings.LastIndex(member, another); i >= 0 {
		return member[:i]
	}
	return member
}

// Join makes a client a member. It waits up to 5 ms for what Redis knows of it. It is
// [resil.New] that calls it.
func (f *Fleet) Join(m *resil.Member) error {
	m.Assume(f.assumed)
	own := newMember(m)
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return ErrClosed
	}
	own.name = f.memberName(m.Client().Name())
	f.members = append(f.members, own)
	f.mu.Unlock()
	f.poke()
	timer := time.NewTimer(5 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-own.first:
	case <-timer.C:
	}
	return nil
}

// Close leaves the fleet. Its clients go on as if Redis were gone. Close ends the
// goroutines and connections of the fleet, and waits for that; no longer than a second or so.
func (f *Fleet) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil
	}
	f.closed = true
	members := slices.Clone(f.members)
	f.mu.Unlock()
	f.cancel()
	f.pubsub.Close()
	f.ended.Wait()
	f.mu.Lock()
	asks := f.asks
	f.asks = nil
	f.mu.Unlock()
	for _, l := range asks {
		l.ask.Answer(resil.Grant{}, ErrClosed)
	}
	var seats []seat
	for _, m := range members {
		m.Lost(ErrClosed)
		seats = append(seats, seat{m.Client().Name(), m.name})
	}
	if len(seats) > 0 {
		f.guarded.Leave(context.Background(), seats) // else it is forgotten in a few seconds
	}
	return f.redis.Close()
}

// poke has look look now.
func (f *Fleet) poke() { signal(f.poked) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Ask has lend ask for the tokens. It is the core that calls it.
func (f *Fleet) Ask(a *resil.Ask) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.memberOf(a.Member)
	if f.closed || m == nil {
		go a.Answer(resil.Grant{}, ErrClosed)
		return
	}
	f.asks = append(f.asks, lease{ask: a, member: m, at: time.Now()})
	signal(f.wanted)
}

// most is how many asks go into one round trip: 50 ms are enough for them.
const most = 256

// lend asks Redis for the tokens that limits want. What comes while an answer is under way
// goes into the next round trip.
func (f *Fleet) lend() {
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.wanted:
		}
		late, batch := f.nextAsks()
		f.answer(late)
		if len(batch) == 0 {
			continue
		}
		err := f.guarded.Lease(f.ctx, batch)
		for i := range batch {
			if l := &batch[i]; l.err == nil && l.grant.Busy == 0 { // not answered
				l.err = or(err, errors.New("resilredis: no answer"))
			}
		}
		f.answer(batch)
	}
}

// answer notes how asks ended, and hands them the answers.
func (f *Fleet) answer(asks []lease) {
	f.noteAsks(asks)
	for _, l := range asks {
		l.ask.Answer(l.grant, l.err)
	}
}

// tooLate is how long an ask may wait for its round trip. Its tokens would be good for little
// more than that when they come, and others would miss them.
const tooLate = 50 * time.Millisecond

var errLate = errors.New("resilredis: too many limits and keys ask at once")

// nextAsks takes the asks of the next round trip, and those that are too late. Where there
// are too many, the newest go first: those before them would be too late with their answers.
func (f *Fleet) nextAsks() (late, batch []lease) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, now := 0, time.Now()
	for n < len(f.asks) && now.Sub(f.asks[n].at) > tooLate {
		f.asks[n].err = errLate
		n++
	}
	late = slices.Clone(f.asks[:n])
	from := max(n, len(f.asks)-most)
	batch = slices.Clone(f.asks[from:])
	if f.asks = slices.Delete(f.asks[:from], 0, n); len(f.asks) > 0 {
		signal(f.wanted)
	}
	return late, batch
}

func or(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// enough is how many round trips for tokens must fail in a row for a member to count as
// degraded. Limits do without Redis after the first; one that is late is no news.
const enough = 3

// noteAsks notes how a round trip for tokens ended, for those that had a part in it: Redis may
// serve all limits but one.
func (f *Fleet) noteAsks(batch []lease) {
	ended := map[*member]error{}
	for _, l := range batch {
		ended[l.member] = or(ended[l.member], l.err)
	}
	for m, err := range ended {
		is, changed := m.noteAsks(f.cause(err))
		if is {
			m.Lost(f.cause(err))
		}
		if changed {
			f.poke()
		}
	}
}

// cause is what is wrong with Redis where our own breaker refuses to ask it.
func (f *Fleet) cause(err error) error {
	if errors.Is(err, resil.ErrOpen) {
		if last := f.Store().Stats().Breaker("store").LastError; last != nil {
			return last
		}
	}
	return err
}
