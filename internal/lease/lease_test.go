package lease

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A play is a fleet and its store in virtual time.
type play struct {
	rate    float64
	burst   int
	trip    func() time.Duration // how long an ask is under way to the store, and its answer back
	lost    float64              // the share of asks that have no answer; the store may have granted tokens all the same
	bucket  Bucket
	fleet   []*process
	now     time.Duration
	events  events
	asks    int
	granted int
}

type process struct {
	*Lease
	id       int
	admitted []time.Duration
	refused  int
	maxDebt  int
	line     []time.Duration // until when callers wait for an answer
}

type event struct {
	at time.Duration
	do func()
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, k int) bool { return e[i].at < e[k].at }
func (e events) Swap(i, k int)      { e[i], e[k] = e[k], e[i] }
func (e *events) Push(v any)        { *e = append(*e, v.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newPlay(processes int, rate float64, burst int, trip func() time.Duration) *play {
	p := &play{rate: rate, burst: burst, trip: trip}
	for i := range processes {
		l := New(rate, 0)
		l.Resize(rate, processes)
		p.fleet = append(p.fleet, &process{Lease: l, id: i})
	}
	return p
}

func (p *play) after(d time.Duration, do func()) { heap.Push(&p.events, event{p.now + d, do}) }

// ask carries what a process asks for to the store.
func (p *play) ask(c *process) {
	n := c.Ask(p.now, len(c.line))
	if n == 0 {
		return
	}
	p.asks++
	if rand.Float64() < p.lost {
		p.after(TTL, func() { c.Fail(p.now) })
		return
	}
	p.after(p.trip(), func() {
		g := p.bucket.Take(p.now, p.rate, Depth(p.rate, p.burst), n, c.id)
		p.granted += g.Tokens
		p.after(p.trip(), func() {
			c.Answer(p.now, g)
			p.serve(c)
		})
	})
}

// serve admits those who wait, and refuses those who have waited long enough.
func (p *play) serve(c *process) {
	for len(c.line) > 0 {
		switch until := c.line[0]; {
		case p.now >= until:
			c.refused++
		case c.Take(p.now):
			c.admitted = append(c.admitted, p.now)
		default:
			p.ask(c)
			return
		}
		c.line = c.line[1:]
	}
	c.maxDebt = max(c.maxDebt, c.debt)
}

// call is one of a process without wait=: it waits for nothing but an answer that is under
// way, and no longer than the process may.
func (p *play) call(c *process) {
	c.Want()
	p.ask(c)
	switch patience := c.Patience(p.now); {
	case len(c.line) == 0 && !c.Lost(p.now) && c.Take(p.now):
		c.admitted = append(c.admitted, p.now)
	case patience > 0 && c.Wait(p.now, len(c.line)) <= patience:
		c.line = append(c.line, p.now+patience)
		p.after(patience, func() { p.serve(c) })
	default:
		c.refused++
	}
	c.maxDebt = max(c.maxDebt, c.debt)
}

// calls has a process called so many times a second, at random times, in a span.
func (p *play) calls(c *process, perSecond float64, from, to time.Duration) {
	var next func()
	wait := func() time.Duration { return time.Duration(rand.ExpFloat64() / perSecond * float64(time.Second)) }
	next = func() {
		if p.now < to {
			p.call(c)
			p.after(wait(), next)
		}
	}
	p.after(from+wait(), next)
}

func (p *play) run() {
	for len(p.events) > 0 {
		e := heap.Pop(&p.events).(event)
		p.now = e.at
		e.do()
	}
}

// excess is by how much the calls admitted in any window are more than the rate allows
// in it.
func (p *play) excess() float64 {
	var all events
	for _, c := range p.fleet {
		for _, at := range c.admitted {
			heap.Push(&all, event{at: at})
		}
	}
	most, low := 0.0, math.Inf(1)
	for n := 0; len(all) > 0; n++ {
		at := heap.Pop(&all).(event).at.Seconds()
		low = min(low, float64(n)-p.rate*at)
		most = max(most, float64(n+1)-p.rate*at-low)
	}
	return most
}

// TestBound: in no window do the processes admit more than the rate, the depth of the
// store's bucket, one TTL's worth of leases, and what they went ahead by. That holds where
// asks are lost, too.
func TestBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		processes := rapid.IntRange(1, 40).Draw(t, "processes")
		rate := rapid.SampledFrom([]float64{0.5, 10, 100, 1000}).Draw(t, "rate")
		burst := rapid.IntRange(1, int(2*rate)+1).Draw(t, "burst")
		slowest := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 20 * time.Millisecond, 150 * time.Millisecond}).Draw(t, "trip")
		p := newPlay(processes, rate, burst, func() time.Duration { return rand.N(slowest + 1) })
		p.lost = rapid.SampledFrom([]float64{0, 0, 0.2, 0.9}).Draw(t, "lost")
		end := time.Duration(min(2000/rate, 60) * float64(time.Second))
		for _, c := range p.fleet {
			load := rapid.SampledFrom([]float64{0, 0.1, 1, 3, 20}).Draw(t, "load")
			if load > 0 {
				from := time.Duration(rapid.Float64Range(0, 0.8).Draw(t, "from") * float64(end))
				p.calls(c, load*rate/float64(processes), from, end)
			}
		}
		p.run()
		ahead := 0
		for _, c := range p.fleet {
			ahead += c.maxDebt
		}
		if most := max(rate*TTL.Seconds(), float64(processes)); float64(ahead) > most {
			t.Fatalf("processes went ahead by %d, more than %v", ahead, most)
		}
		bound := float64(Depth(rate, burst)) + rate*TTL.Seconds() + float64(ahead)
		if excess := p.excess(); excess > bound+1e-6 {
			t.Fatalf("%.1f more than the rate, the bound is %.1f (%d ahead)", excess, bound, ahead)
		}
	})
}

// TestFairness: processes that want the same get the same, within a fifth of the mean, all of
// the limit is used, and asks are few.
func TestFairness(t *testing.T) {
	for _, c := range []struct {
		processes int
		rate      float64
		overload  float64
		trips     float64 // asks per call, at most
	}{
		{2, 1000, 2, 0.1},
		{8, 1000, 2, 0.12},
		{8, 1000, 5, 0.05},
		{50, 1000, 2, 0.55},
		{50, 10000, 2, 0.06},
		{200, 1000, 2, 0.6},
	} {
		p := newPlay(c.processes, c.rate, int(c.rate)/10, func() time.Duration { return 100*time.Microsecond + rand.N(200*time.Microsecond) })
		end := time.Duration(max(60, c.processes)) * time.Second // chance evens out
		for _, one := range p.fleet {
			p.calls(one, c.overload*c.rate/float64(c.processes), 0, end)
		}
		p.run()
		total, least, calls := 0, math.MaxInt, 0
		for _, one := range p.fleet {
			n := len(one.admitted)
			total += n
			least = min(least, n)
			calls += n + one.refused
		}
		mean := float64(total) / float64(c.processes)
		used := float64(total) / (c.rate * end.Seconds())
		trips := float64(p.asks) / float64(calls)
		t.Logf("%d processes, %v/s, %v times that: used %.3f, least/mean %.2f, asks per call %.3f", c.processes, c.rate, c.overload, used, float64(least)/mean, trips)
		if used < 0.97 || used > 1.03 {
			t.Errorf("%d processes, %v/s: %.3f of the limit is used", c.processes, c.rate, used)
		}
		if float64(least) < 0.8*mean {
			t.Errorf("%d processes, %v/s: one got %d calls, the mean is %.0f", c.processes, c.rate, least, mean)
		}
		if trips > c.trips {
			t.Errorf("%d processes, %v/s: %.3f asks per call", c.processes, c.rate, trips)
		}
	}
}

// TestCrowd: at the limit, processes ask no more than 20,000 times a second, however many
// they are, and most of the limit is used. In the first two seconds they come to know that
// they are at the limit.
func TestCrowd(t *testing.T) {
	for _, processes := range []int{1000, 3000} {
		p := newPlay(processes, 50_000, 5_000, func() time.Duration { return 200 * time.Microsecond })
		const end, settled = 4 * time.Second, 2 * time.Second
		for _, c := range p.fleet {
			p.calls(c, 2*p.rate/float64(processes), 0, end)
		}
		first := 0
		p.after(settled, func() { first = p.asks })
		p.run()
		admitted := 0
		for _, c := range p.fleet {
			admitted += len(c.admitted)
		}
		asks, used := float64(p.asks-first)/(end-settled).Seconds(), float64(admitted)/p.rate/end.Seconds()
		t.Logf("%d processes: %.0f asks a second, used %.2f", processes, asks, used)
		if asks > 22_000 {
			t.Errorf("%d processes ask %.0f times a second", processes, asks)
		}
		if used < 0.94 {
			t.Errorf("%d processes use %.2f of the limit", processes, used)
		}
	}
}

// TestUnevenDemand: one busy process gets what idle ones leave.
func TestUnevenDemand(t *testing.T) {
	p := newPlay(50, 1000, 100, func() time.Duration { return 200 * time.Microsecond })
	const end = 10 * time.Second
	for _, c := range p.fleet[1:] {
		p.calls(c, 1, 0, end)
	}
	p.calls(p.fleet[0], 2000, 0, end)
	p.run()
	got := float64(len(p.fleet[0].admitted)) / end.Seconds()
	refused := 0
	for _, c := range p.fleet[1:] {
		refused += c.refused
	}
	t.Logf("the busy one gets %.0f/s; %d calls of the quiet ones refused, %d asks", got, refused, p.asks)
	if got < 850 {
		t.Errorf("a busy process beside 49 that make 1 call a second gets %.0f of 1000 a second", got)
	}
	if p.asks > 1500 {
		t.Errorf("%d asks, so that small ones have not grown", p.asks)
	}
}

// TestUnderTheLimit: where there is enough for all, hardly a call finds no token.
func TestUnderTheLimit(t *testing.T) {
	p := newPlay(8, 1000, 1000, func() time.Duration { return 150 * time.Microsecond })
	const end = 10 * time.Second
	for _, c := range p.fleet {
		p.calls(c, 80, 0, end)
	}
	p.run()
	admitted, refused := 0, 0
	for _, c := range p.fleet {
		admitted += len(c.admitted)
		refused += c.refused
	}
	t.Logf("%d of %d calls refused, %.3f asks per call, %.2f of the tokens used", refused, admitted+refused,
		float64(p.asks)/float64(admitted+refused), float64(admitted)/float64(p.granted))
	if refused > 0 {
		t.Errorf("%d of %d calls were refused", refused, admitted+refused)
	}
}

// TestRules are those of one lease, step by step.
func TestRules(t *testing.T) {
	const ms = time.Millisecond
	newLease := func() *Lease {
		l := New(1000, 0)
		l.Resize(1000, 10) // a part of 20 tokens a lease
		return l
	}
	ask := func(t *testing.T, l *Lease, now time.Duration, waiting int) int {
		t.Helper()
		n := l.Ask(now, waiting)
		if n == 0 {
			t.Fatalf("at %v nothing is asked for", now)
		}
		return n
	}
	spend := func(l *Lease, now time.Duration) (n int) {
		for l.Take(now) {
			n++
		}
		return n
	}

	t.Run("tokens end a TTL after they were asked for", func(t *testing.T) {
		l := newLease()
		ask(t, l, 0, 30)
		l.Answer(50*ms, Grant{Tokens: 30, Busy: 1})
		if n := l.Tokens(TTL - 1); n != 30 {
			t.Errorf("%d tokens before the end, want 30", n)
		}
		if n := l.Tokens(TTL); n != 0 || l.Take(TTL) {
			t.Errorf("%d tokens after the end, want 0", n)
		}
	})
	t.Run("one ask at a time", func(t *testing.T) {
		l := newLease()
		ask(t, l, 0, 30)
		if n := l.Ask(1*ms, 100); n != 0 {
			t.Errorf("a second ask, for %d", n)
		}
	})
	t.Run("asked again when half is spent", func(t *testing.T) {
		l := newLease()
		for i := range 200 { // 1000 a second
			l.Want()
			if n := l.Ask(time.Duration(i)*ms, 0); n > 0 {
				l.Answer(time.Duration(i)*ms, Grant{Tokens: n, Busy: 1})
			}
			if !l.Take(time.Duration(i) * ms) {
				t.Fatalf("no token for call %d", i)
			}
			if i < 20 {
				continue
			}
			if n := l.Tokens(time.Duration(i) * ms); n < l.half {
				t.Fatalf("%d tokens at call %d, below half of what is wanted, %d", n, i, l.half)
			}
		}
	})
	t.Run("a pause after a denial", func(t *testing.T) {
		for range 100 {
			l := newLease()
			n := ask(t, l, 0, 30)
			l.Answer(1*ms, Grant{Tokens: n - 1, Busy: 10})
			spend(l, 2*ms)
			if n := l.Ask(1*ms+Pause*3/4-1, 30); n != 0 {
				t.Fatalf("%d asked for in the pause", n)
			}
			if n := ask(t, l, 1*ms+Pause*5/4+1, 30); n > 11 { // 1.5 times the part of at most 64 ms
				t.Fatalf("%d asked for after the pause", n)
			}
		}
	})
	t.Run("a longer pause for a store that has much to do", func(t *testing.T) {
		for _, c := range []struct {
			busy       int
			took, want time.Duration
		}{
			{10, 1 * ms, Pause},
			{1000, 1 * ms, Pause},
			{2000, 1 * ms, 100 * ms},
			{100_000, 1 * ms, maxPause},
			{10, 20 * ms, 80 * ms},
			{10, 2 * time.Second, TTL}, // a process that was stopped is not to wait for seconds
		} {
			l := New(1e9, 0) // a part of more than a token
			ask(t, l, 0, 30)
			l.Answer(c.took, Grant{Busy: c.busy})
			if pause := l.resume - c.took; pause < c.want*3/4 || pause > c.want*5/4 {
				t.Errorf("%d processes, an answer after %v: a pause of %v, want %v, a quarter more or less", c.busy, c.took, pause, c.want)
			}
		}
	})
	t.Run("ahead of an answer, by a part of a lease, and paid back", func(t *testing.T) {
		l := newLease()
		if spend(l, 0) != 0 {
			t.Error("tokens before anything was asked for")
		}
		ask(t, l, 0, 30)
		if n := spend(l, 1*ms); n != 20 {
			t.Errorf("%d tokens ahead, want 20", n)
		}
		l.Answer(2*ms, Grant{Tokens: 15, Busy: 1})
		if n := spend(l, 2*ms); n != 0 {
			t.Errorf("%d tokens, but 20 were taken and 15 granted", n)
		}
		if n := ask(t, l, 100*ms, 7); n != 12 {
			t.Errorf("%d asked for, want 7 and the debt of 5", n)
		}
		if n := spend(l, 100*ms); n != 15 {
			t.Errorf("%d tokens ahead beside a debt of 5, want 15", n)
		}
	})
	t.Run("one ahead of a slow answer", func(t *testing.T) {
		l := newLease()
		l.Resize(1000, 0) // nobody knows how many there are
		ask(t, l, 0, 30)
		if n := spend(l, Patience-1); n != 0 {
			t.Errorf("%d tokens before the answer is late", n)
		}
		if n := spend(l, Patience); n != 1 {
			t.Errorf("%d tokens when the answer is late, want 1", n)
		}
	})
	t.Run("lost and found", func(t *testing.T) {
		l := newLease()
		ask(t, l, 0, 1)
		if l.Lost(TTL) || !l.Lost(TTL+1) {
			t.Error("lost is not when an ask has had no answer for a TTL")
		}
		l.Fail(TTL + 1)
		if !l.Lost(2*TTL) || l.Ask(TTL+1+Pause/2, 1) != 0 {
			t.Error("after a failure: not lost, or no pause")
		}
		l.Answer(2*TTL, Grant{Tokens: 5, Busy: 1}) // to nothing
		if !l.Lost(2 * TTL) {
			t.Error("an answer to nothing counts")
		}
		n := ask(t, l, 2*TTL, 1)
		l.Answer(2*TTL+1*ms, Grant{Tokens: n, Busy: 1})
		if l.Lost(2*TTL + 1*ms) {
			t.Error("lost after an answer")
		}
	})
	t.Run("idle, whatever the last answer was", func(t *testing.T) {
		for name, end := range map[string]func(l *Lease){
			"granted": func(l *Lease) { l.Answer(1*ms, Grant{Tokens: 30, Busy: 1}) },
			"refused": func(l *Lease) { l.Answer(1*ms, Grant{Busy: 1}) },
			"lost":    func(l *Lease) { l.Fail(1 * ms) },
		} {
			l := newLease()
			if !l.Idle(maxPause) {
				t.Errorf("%s: a new lease is not idle", name)
			}
			ask(t, l, 0, 30)
			spend(l, 0) // ahead
			if l.Idle(2 * maxPause) {
				t.Errorf("%s: idle while an answer is under way", name)
			}
			end(l)
			if l.Idle(maxPause) || !l.Idle(maxPause+1) {
				t.Errorf("%s: idle is not when nothing was asked for in a time", name)
			}
		}
	})
	t.Run("extreme rates", func(t *testing.T) {
		for _, rate := range []float64{1e-10, 1e9} {
			l := New(rate, 0)
			l.Resize(rate, 3)
			n := ask(t, l, 0, 1)
			l.Answer(1*ms, Grant{Tokens: 0, Busy: 10_000})
			if l.resume < 1*ms || l.resume > 1*ms+2*maxPause || l.Wait(2*ms, 1000) <= 0 {
				t.Errorf("%v/s: resumes at %v after a denial of %d, wait %v", rate, l.resume, n, l.Wait(2*ms, 1000))
			}
		}
	})
}
