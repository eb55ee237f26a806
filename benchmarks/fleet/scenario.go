//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A pace is how long the parts of a scenario last, and the limit that it plays with.
type pace struct {
	limit, burst              int // a second, and at once
	warm, calm, faulty, after time.Duration
}

// full is the pace of the page.
var full = pace{1000, 100, 2 * time.Second, 2 * time.Second, 5 * time.Second, 5 * time.Second}

// A scenario is what happens to a fleet that is called all the time.
type scenario struct {
	name    string
	demand  float64 // in times of the limit
	proxied bool    // each process has a proxy before Redis

	fault, heal func(*fleet) error // nil for nothing
	loses       int                // processes that lose Redis: the last ones
	own         bool               // the last two processes have a fault of their own
	share       float64            // of the processes, the most that have lost Redis while others have not
	bursts      float64            // the most that Redis grants again, because it has forgotten
}

// scenarios are those of the page that count calls, in its order.
var scenarios = []scenario{
	{name: "no fault", demand: 2},
	{name: "half of the demand", demand: 0.5},
	{name: "Redis killed, and started empty", demand: 2, loses: processes, share: most, bursts: 1,
		fault: func(f *fleet) error { f.kill(); return nil },
		heal:  func(f *fleet) error { return f.start() }},
	{name: "Redis stopped (SIGSTOP), and continued", demand: 2, loses: processes, share: most,
		fault: func(f *fleet) error { return f.cmd.Process.Signal(syscall.SIGSTOP) },
		heal:  func(f *fleet) error { return f.cmd.Process.Signal(syscall.SIGCONT) }},
	{name: "Redis 200 ms away, through toxiproxy", demand: 2, proxied: true, loses: processes, share: most,
		fault: func(f *fleet) error {
			for _, p := range f.all {
				if _, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(`{"type": "latency", "attributes": {"latency": 200}}`)); err != nil {
					return err
				}
			}
			return nil
		},
		heal: func(f *fleet) error {
			for _, p := range f.all {
				p.proxy.Toxics.ResetToxics(ctx)
			}
			return nil
		}},
	{name: "Redis wiped, at both ends", demand: 2, bursts: 1, fault: (*fleet).wipe, heal: (*fleet).wipe},
	{name: "two processes cut off from Redis", demand: 2, proxied: true, own: true, loses: apart, share: apart / float64(processes),
		fault: func(f *fleet) error {
			for _, p := range f.all[processes-apart:] {
				p.proxy.Stop()
			}
			return nil
		},
		heal: func(f *fleet) error {
			for _, p := range f.all[processes-apart:] {
				if err := p.proxy.Start(); err != nil {
					return err
				}
			}
			return nil
		}},
	{name: "two processes stopped (SIGSTOP), and continued", demand: 2, own: true,
		fault: func(f *fleet) error { return f.signal(syscall.SIGSTOP) },
		heal:  func(f *fleet) error { return f.signal(syscall.SIGCONT) }},
}

// apart is how many processes have a fault of their own: the last ones.
const apart = 2

// most is the share of processes that have lost Redis while one has not.
const most = (processes - 1) / float64(processes)

func (f *fleet) wipe() error { return f.admin.FlushAll(ctx).Err() }

func (f *fleet) signal(s syscall.Signal) error {
	for _, p := range f.all[processes-apart:] {
		if err := p.cmd.Process.Signal(s); err != nil {
			return err
		}
	}
	return nil
}

// A record is what happened in a scenario.
type record struct {
	scenario
	pace
	begin, broken, healed, end time.Time // of the load, of the fault, of what follows it, of all
	calls                      []arrival // in the order in which the backend had them
	measured                   []*report // for each process, from the end of the burst on
	trips                      int       // scripts that Redis ran in that time; 0 where it was started again
	version                    string    // of Redis

	lost time.Duration // from the fault until all that lose Redis have said so
	back time.Duration // from the end of the fault until all are connected
	lone int           // processes that had an ask without an answer
}

// play plays a scenario.
func (s scenario) play(p pace) (*record, error) {
	r := &record{scenario: s, pace: p}
	f, err := startFleet(fmt.Sprintf("%d/s burst=%d", p.limit, p.burst), s.proxied)
	if err != nil {
		return nil, err
	}
	defer f.close()
	r.version = f.version()
	f.take()
	r.begin = time.Now()
	each := s.demand * float64(p.limit) / processes
	if err := f.tell(request{Load: &each}); err != nil {
		return nil, err
	}
	time.Sleep(p.warm)
	if err := f.tell(request{Begin: true}); err != nil {
		return nil, err
	}
	before := f.server.trips()
	time.Sleep(p.calm)
	r.broken = time.Now()
	if s.fault != nil {
		if err := s.fault(f); err != nil {
			return nil, err
		}
		if r.lost, err = f.reach(r.broken, s.loses, "degraded"); err != nil {
			return nil, err
		}
	}
	time.Sleep(time.Until(r.broken.Add(p.faulty)))
	r.healed = time.Now()
	if s.heal != nil {
		if err := s.heal(f); err != nil {
			return nil, err
		}
		if r.back, err = f.reach(r.healed, s.loses, "connected"); err != nil {
			return nil, err
		}
		if err := f.complete(); err != nil {
			return nil, err
		}
	}
	time.Sleep(time.Until(r.healed.Add(p.after)))
	r.end = time.Now()
	r.trips = f.server.trips() - before
	if r.measured, err = f.reports(); err != nil {
		return nil, err
	}
	none := 0.0
	if err := f.tell(request{Load: &none}); err != nil {
		return nil, err
	}
	time.Sleep(100 * time.Millisecond) // what is under way
	r.calls = f.take()
	for _, m := range r.measured {
		if m.AsksLost > 0 {
			r.lone++
		}
	}
	return r, nil
}

// reach returns how long it took from since until the last n processes had come to a status.
func (f *fleet) reach(since time.Time, n int, status string) (took time.Duration, err error) {
	for _, p := range f.all[processes-n:] {
		l, err := p.first(since, status, func(l line) bool { return l.Fleet == status })
		if err != nil {
			return 0, err
		}
		took = max(took, l.At.Sub(since))
	}
	return took, nil
}

// bound is how many calls get through in a time at most, as docs/fleet.md has it, while a
// share of the processes has lost Redis and the others have not.
func (r *record) bound(w time.Duration, share float64) float64 {
	ahead := max(math.Floor(float64(r.limit)*0.2/processes), 1) * processes
	return float64(r.limit)*w.Seconds()*(1+share) + float64(r.burst)*(1+share+r.bursts) + float64(r.limit)*0.2 + ahead
}

// windows are those in which calls are counted, wherever they begin.
var windows = []time.Duration{time.Second, 200 * time.Millisecond}

// worst is the most that happened in any window of length w from from to to.
func worst(times []time.Time, w time.Duration) (most int) {
	slices.SortFunc(times, time.Time.Compare)
	first := 0
	for i, t := range times {
		for t.Sub(times[first]) >= w {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// count counts calls that reached the backend between two times.
func (r *record) count(from, to time.Time, is func(arrival) bool) (n int) {
	for _, c := range r.calls {
		if !c.at.Before(from) && c.at.Before(to) && is(c) {
			n++
		}
	}
	return n
}

// times are when calls reached the backend, and when processes sent them.
func (r *record) times() (arrived, sent []time.Time) {
	for _, c := range r.calls {
		arrived, sent = append(arrived, c.at), append(sent, c.sent)
	}
	return arrived, sent
}

// of is what was admitted between two times, as a share of the limit.
func (r *record) of(from, to time.Time) float64 {
	return float64(r.count(from, to, func(arrival) bool { return true })) / to.Sub(from).Seconds() / float64(r.limit)
}

// fairness is what the process with the least got between two times, by the mean of those
// that have no fault of their own.
func (r *record) fairness(from, to time.Time) float64 {
	least, all, n := math.MaxInt, 0, processes
	if r.own {
		n -= apart
	}
	for i := range n {
		calls := r.count(from, to, func(a arrival) bool { return a.process == i })
		least, all = min(least, calls), all+calls
	}
	return float64(least) * float64(n) / float64(all)
}

// check says what is not as docs/fleet.md has it. Times at which calls were sent are those of
// the processes that admitted them: how busy this program is does not matter.
//
// On a busy machine answers of Redis come too late. The processes that get none have lost Redis
// for a moment, and have their part beside what it grants to others. The check allows for
// that if it is lenient.
func (r *record) check(lenient bool) (wrong []string) {
	share := r.share
	if lenient {
		share = max(share, min(float64(r.lone)/processes, most))
	}
	_, sent := r.times()
	for _, w := range windows {
		if n, bound := worst(sent, w), r.bound(w, share); float64(n) > bound {
			wrong = append(wrong, fmt.Sprintf("%d calls in %v, at most %.0f", n, w, bound))
		}
	}
	if r.loses == processes { // without Redis, all keep to their parts
		from := r.broken.Add(r.lost)
		alone := slices.DeleteFunc(sent, func(t time.Time) bool { return t.Before(from) || t.After(r.healed) })
		if n, bound := len(alone), float64(r.limit)*r.healed.Sub(from).Seconds()+float64(r.burst); float64(n) > bound {
			wrong = append(wrong, fmt.Sprintf("%d calls in %v without Redis, at most %.0f", n, r.healed.Sub(from), bound))
		}
	}
	for i, m := range r.measured {
		if m.Status != "connected" || m.Processes != processes {
			wrong = append(wrong, fmt.Sprintf("process %d is %s at the end, and knows %d processes", i, m.Status, m.Processes))
		}
		if r.count(r.healed, r.end, func(a arrival) bool { return a.process == i }) == 0 {
			wrong = append(wrong, fmt.Sprintf("process %d got nothing in the end", i))
		}
	}
	return wrong
}

// quantile is the duration than which a share q is shorter.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// waits are what calls waited that got through, what others took, and how late sleeps ended,
// sorted.
func (r *record) waits() (admitted, refused, late []time.Duration) {
	for _, m := range r.measured {
		admitted, refused, late = append(admitted, m.Admitted...), append(refused, m.Refused...), append(late, m.Late...)
	}
	for _, list := range [][]time.Duration{admitted, refused, late} {
		slices.Sort(list)
	}
	return admitted, refused, late
}

func (r *record) offered() (n int) {
	for _, m := range r.measured {
		n += m.Offered
	}
	return n
}
