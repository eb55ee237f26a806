package resilredis

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A member is a client of the fleet.
type member struct {
	*resil.Member
	name    string        // that of the process or, where others have it already, one made from it
	first   chan struct{} // closed when Redis has answered for it
	answers sync.Once
	started time.Time

	// look alone uses these.
	most     int       // processes, lately
	mostAt   time.Time // when there were so many
	heard    time.Time // when Redis last answered
	version  string
	refused  error
	orders   map[string]field // the last that is known of each
	suspects map[string]field

	mu       sync.Mutex
	changes  map[string]report // of breakers, to be written
	written  map[string]report // what of them holds
	failures int               // round trips for tokens that failed in a row
	failed   time.Time         // when the last of them did
	why      error             // of that
}

// A report is that a breaker is open until a time; the zero report is that it is not.
type report struct{ until time.Time }

func newMember(m *resil.Member) *member {
	return &member{Member: m, first: make(chan struct{}), started: time.Now(), orders: map[string]field{}, suspects: map[string]field{},
		changes: map[string]report{}, written: map[string]report{}}
}

// separator stands between the parts of a field's name.
const separator = "\x00"

// Where thousands of keys fail at once, their processes need not tell each other. A process
// reports no more than mostReported of them as open at a time, and less where so many
// processes would together report more than allReported: each of them reads them all.
const (
	mostReported  = 200
	leastReported = 5
	allReported   = 1000
)

// reported is how many breakers each of so many processes reports.
func reported(processes int) int {
	return min(max(allReported/max(processes, 1), leastReported), mostReported)
}

// Report notes what is to be written of a breaker. Keys whose text is long are not reported. It is the core that calls it.
func (f *Fleet) Report(of *resil.Member, s resil.Suspicion) {
	m := f.member(of)
	if m == nil || len(s.Key) > longest {
		return
	}
	name := s.Breaker + separator + s.Key + separator + m.name
	m.mu.Lock()
	defer m.mu.Unlock()
	var r report
	if s.For > 0 {
		r.until = time.Now().Add(s.For)
		if _, known := m.written[name]; !known && m.isFull(reported(int(f.processes.Load()))) {
			return
		}
	} else if _, known := m.written[name]; !known {
		return
	}
	m.written[name], m.changes[name] = r, r
	f.poke()
}

// isFull reports whether there are as many reports as there may be, when those are forgotten
// whose time has passed. Where such cannot be written, it forgets that too: Redis forgets
// them by itself.
func (m *member) isFull(most int) bool {
	if len(m.written) < most {
		return false
	}
	now := time.Now()
	maps.DeleteFunc(m.written, func(_ string, r report) bool { return now.After(r.until) })
	if len(m.changes) > mostReported {
		maps.DeleteFunc(m.changes, func(name string, _ report) bool { _, ok := m.written[name]; return !ok })
	}
	return len(m.written) >= most
}

// noteAsks notes how a round trip for tokens ended. It returns whether the member is degraded
// by such, and whether that has changed.
func (m *member) noteAsks(err error) (is, changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.failures >= enough
	if err == nil {
		m.failures, m.why = 0, nil
	} else {
		m.failures, m.failed, m.why = m.failures+1, time.Now(), err
	}
	is = m.failures >= enough
	return is, was != is
}

// trouble is why asks fail, if they do and the last did not long ago.
func (m *member) trouble() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures < enough || time.Since(m.failed) > 2*time.Second {
		return nil
	}
	return m.why
}

// joined are the members that there are.
func (f *Fleet) joined() []*member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.members)
}

func (f *Fleet) member(of *resil.Member) *member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.memberOf(of)
}

// memberOf is member for a caller who holds mu.
func (f *Fleet) memberOf(of *resil.Member) *member {
	i := slices.IndexFunc(f.members, func(m *member) bool { return m.Member == of })
	if i < 0 {
		return nil
	}
	return f.members[i]
}

// between is how long there is between two looks of each of so many processes at least,
// however much there is that is new. All together look 200 times a second, or once each.
func between(processes int) time.Duration {
	return min(max(heartbeat/10, time.Duration(processes)*5*time.Millisecond), heartbeat)
}

// look writes what members report and reads how the fleet stands, every second and when
// there is something new.
func (f *Fleet) look() {
	var seen time.Time // when the clients were last listed
	for {
		last := time.Now()
		if members := f.joined(); len(members) > 0 {
			f.writeReports(members)
			f.read(members)
			if time.Since(seen) > 5*heartbeat && f.list(members) == nil {
				seen = time.Now()
			}
		}
		timer := time.NewTimer(heartbeat - rand.N(heartbeat/4))
		select {
		case <-f.ctx.Done():
			timer.Stop()
			return
		case <-f.poked:
			timer.Stop()
			if f.allHeard() {
				// News reach all processes at once, and they may cause more. Not all read them
				// at once, and none reads them all the time.
				processes := int(f.processes.Load())
				spread := rand.N(time.Duration(min(processes, 500)+1) * time.Millisecond)
				pause(f, max(spread, time.Until(last.Add(between(processes)))))
			}
		case <-timer.C:
		}
	}
}

// allHeard reports whether Redis has answered for every member.
func (f *Fleet) allHeard() bool {
	return !slices.ContainsFunc(f.joined(), func(m *member) bool {
		select {
		case <-m.first:
			return false
		default:
			return true
		}
	})
}

func (f *Fleet) list(members []*member) error {
	var names []string
	for _, m := range members {
		names = append(names, m.Client().Name())
	}
	return f.guarded.Seen(f.ctx, names)
}

// writeReports writes what breakers of the members have come to.
func (f *Fleet) writeReports(members []*member) {
	for _, m := range members {
		m.mu.Lock()
		changes := m.changes
		m.changes = map[string]report{}
		m.mu.Unlock()
		if len(changes) == 0 {
			continue
		}
		w := write{client: m.Client().Name(), hash: "suspects", expires: listed}
		for _, name := range slices.Sorted(maps.Keys(changes)) {
			good := time.Until(changes[name].until)
			if good <= 0 {
				good = -1
			}
			w.fields = append(w.fields, change{name: name, good: good, at: -1})
		}
		if f.guarded.Write(f.ctx, w) == nil {
			continue
		}
		m.mu.Lock() // the next time, what is newer goes first
		for name, r := range changes {
			if _, newer := m.changes[name]; !newer {
				m.changes[name] = r
			}
		}
		m.mu.Unlock()
	}
}

// read reads how the fleet stands, and tells the members.
func (f *Fleet) read(members []*member) {
	reads := make([]reading, len(members))
	for i, m := range members {
		reads[i] = reading{client: m.Client().Name(), member: m.name, about: m.about(), version: m.version}
	}
	err := f.guarded.Read(f.ctx, reads)
	for i, m := range members {
		r := &reads[i]
		if r.err == nil && r.now == 0 {
			r.err = err // it was not asked
		}
		if r.err != nil {
			m.Lost(f.cause(r.err))
			continue
		}
		f.tell(m, r)
		m.answers.Do(func() { close(m.first) })
	}
}

// tell tells a member what was read.
func (f *Fleet) tell(m *member, r *reading) {
	if r.changed {
		m.version, m.suspects = r.version, r.suspects
		if f.restore(m, r) != nil {
			m.version = "" // so that the next look reads all, and tries again
		}
		for name, o := range r.orders {
			if o.at >= m.orders[name].at { // a replica that took over may have an older one
				m.orders[name] = o
			}
		}
	}
	maps.DeleteFunc(m.orders, func(_ string, o field) bool { return o.till > 0 && left(o, r.now) <= 0 })
	processes := m.count(r.processes)
	f.processes.Store(int64(processes))
	m.refused = m.Update(resil.FleetState{
		Processes:  processes,
		Suspicions: suspicions(m.suspects, r.now),
		Orders:     orders(m.Client().Name(), m.orders, r.now),
		Err:        m.trouble(),
	})
}

// count is how many processes to reckon with where Redis knows so many. One that was wiped or
// restarted knows only those that have been seen since: fewer count when the others have had
// the time to be seen.
func (m *member) count(processes int) int {
	now := time.Now()
	if now.Sub(m.heard) > 2*heartbeat {
		m.mostAt = now
	}
	m.heard = now
	if processes >= m.most || now.Sub(m.mostAt) > keep {
		m.most, m.mostAt = processes, now
	}
	return m.most
}

// suspicions counts the processes that report a breaker. What was reported by a clock that
// has been set back since says nothing.
func suspicions(fields map[string]field, now int64) (all []resil.Suspicion) {
	type target struct{ breaker, key string }
	type source struct {
		target
		process string
	}
	index, counted := map[target]int{}, map[source]bool{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		breaker, rest, _ := strings.Cut(name, separator)
		end := strings.LastIndex(rest, separator) // keys may hold anything
		left := left(fields[name], now)
		if end < 0 || left <= 0 || fields[name].at > now+keep.Microseconds() {
			continue
		}
		of := target{breaker, rest[:end]}
		i, ok := index[of]
		if !ok {
			i = len(all)
			index[of] = i
			all = append(all, resil.Suspicion{Breaker: of.breaker, Key: of.key})
		}
		if s := (source{of, processOf(rest[end+1:])}); !counted[s] {
			counted[s] = true
			all[i].Processes++
		}
		all[i].For = max(all[i].For, left)
	}
	return all
}

// restore writes again what a Redis that was wiped, or that has failed over, has lost.
func (f *Fleet) restore(m *member, r *reading) (err error) {
	w := write{client: m.Client().Name(), hash: "orders"}
	for name, o := range m.orders {
		if is, ok := r.orders[name]; ok && is.at >= o.at {
			continue
		}
		var good time.Duration
		if o.till > 0 {
			if good = time.Duration(o.till-o.at) * time.Microsecond; o.till <= r.now {
				continue
			}
		}
		w.fields = append(w.fields, change{name: name, good: good, at: o.at, text: o.text})
	}
	if len(w.fields) > 0 {
		err = f.guarded.Write(f.ctx, w)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, own := range m.written {
		if _, ok := r.suspects[name]; !ok && time.Now().Before(own.until) {
			if _, newer := m.changes[name]; !newer {
				m.changes[name] = own
				f.poke()
			}
		}
	}
	return err
}

// left is how long a field still holds that does not hold for ever. It is never longer than
// the field was meant to hold, whatever the clock of the store says now.
func left(f field, now int64) time.Duration {
	return time.Duration(min(f.till-now, f.till-f.at, math.MaxInt64/1000)) * time.Microsecond
}

// about is what a process says of itself, for people.
type about struct {
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Refused string    `json:"refused,omitempty"` // orders that it cannot obey
}

func (m *member) about() string {
	a := about{PID: os.Getpid(), Started: m.started}
	a.Host, _ = os.Hostname()
	if m.refused != nil {
		a.Refused = m.refused.Error()
	}
	text, _ := json.Marshal(a)
	return string(text)
}

// listen waits for the news that there is something to read.
func (f *Fleet) listen() {
	subscribed := map[string]bool{}
	for f.ctx.Err() == nil {
		var fresh []string
		for _, m := range f.joined() {
			if channel := (&server{prefix: f.prefix}).key(m.Client().Name()); !subscribed[channel] {
				subscribed[channel] = true
				fresh = append(fresh, channel)
			}
		}
		if len(fresh) > 0 {
			f.pubsub.Subscribe(f.ctx, fresh...) // what fails is tried again with the next connection
		}
		if len(subscribed) == 0 {
			pause(f, heartbeat/10)
			continue
		}
		_, err := f.pubsub.ReceiveTimeout(f.ctx, heartbeat/4)
		switch {
		case err == nil:
			f.poke()
		case isTimeout(err):
		default:
			pause(f, heartbeat/2)
		}
	}
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

// pause waits, or until the fleet is closed.
func pause(f *Fleet, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-f.ctx.Done():
	case <-timer.C:
	}
}
