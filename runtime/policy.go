package resil

import "time"

// Policies are those policies of one method that overrides may change. There is a
// field for each directive; nil stands for no policy.
//
// The tags of these structs define the directives, and everything that reads or
// prints directives goes by them:
//
//   - directive is the name of a directive;
//   - key is the name of one of its words; ",positional" lets the value stand first,
//     without the name;
//   - default is the value where the directive does not set it;
//   - off is the value that the word off stands for;
//   - range is an interval in the notation of the field; [ and ] include its ends,
//     ( and ) do not;
//   - values describes the values where an interval cannot;
//   - upto is the field that takes the second of two values, as in 30s..10m;
//   - on is where the word may stand, if not everywhere;
//   - example is a directive for the reference;
//   - help is one line of help.
type Policies struct {
	Timeout  *Timeout  `directive:"timeout" example:"timeout 2s attempt=500ms" help:"limits how long a call and each of its attempts may take"`
	Retry    *Retry    `directive:"retry" example:"retry 5 initial=20ms max=2s" help:"repeats a call that failed in a way that may pass"`
	Breaker  *Breaker  `directive:"breaker" example:"breaker open=10s..5m ramp=20s" help:"stops calling a backend that keeps failing, and probes it until it is back"`
	Limit    *Limit    `directive:"limit" example:"limit 100/s burst=20 wait=50ms" help:"keeps attempts within a rate, as a token bucket"`
	Bulkhead *Bulkhead `directive:"bulkhead" example:"bulkhead 10 wait=50ms queue=20" help:"bounds the attempts that are under way at once"`
	Hedge    *Hedge    `directive:"hedge" example:"hedge 50ms" help:"starts another attempt when the first is slow, and takes the first success"`
}

// Timeout limits a call. Both limits are cooperative: the callee sees them as
// its context's deadline. Where results outlive the call, both end when the result is
// there, and the callee sees only that its context is canceled. A zero limit is none.
//
// With [ModeObserve] there is no deadline, and calls that take longer are counted.
type Timeout struct {
	Total   time.Duration `key:"total,positional" range:"(0s,]" help:"limit of the whole call, retries and waits included; ends when the result is there, even if that is read later"`
	Attempt time.Duration `key:"attempt" range:"(0s,]" help:"limit of each attempt; ends likewise"`
	Mode    Mode          `key:"mode" default:"enforce" help:"enforce, or observe: count the calls that it would end, and end none"`
}

// Retry repeats calls. Attempts counts calls, the first included; with 1 there is no
// retry. No delay is longer than Max: where the callee asks for a longer wait, the
// call ends with [ErrRetryLater].
//
// Budget belongs to the client and is the same in all its methods. It is the share of
// the answers of the last 10 s that the client may spend on retries and hedges, on top
// of a reserve of 10 that comes back at 1 in 10 s. 0 is no bound.
//
// With [ModeObserve] a call makes one attempt, and those that would be repeated are
// counted.
type Retry struct {
	Attempts int           `key:"attempts,positional" default:"3" range:"[1,1000000]" help:"calls in all, the first included"`
	Backoff  Backoff       `key:"backoff" default:"exponential" help:"how the delay grows: constant, linear, exponential or fibonacci"`
	Initial  time.Duration `key:"initial" default:"100ms" range:"(0s,]" help:"delay before the first retry"`
	Max      time.Duration `key:"max" default:"30s" range:"(0s,]" help:"no delay is longer, jitter included"`
	Factor   float64       `key:"factor" default:"2" range:"[1,]" help:"growth of an exponential delay"`
	Jitter   Jitter        `key:"jitter" default:"full" help:"spread of the delay: full, equal, decorrelated, none or a percentage"`
	On       []Class       `key:"on" default:"infrastructure,throttled" help:"classes of error to retry: infrastructure, throttled, unknown, system or application; unsent is any error that proves that nothing was sent"`
	Budget   Ratio         `key:"budget" default:"20%" off:"0%" range:"(0%,100%]" on:"interface" help:"retries the client may spend, as a share of its answered calls"`
	Mode     Mode          `key:"mode" default:"enforce" help:"enforce, or observe: count the calls that it would repeat, and repeat none"`
}

// Breaker opens after Consecutive failures in a row, or when Ratio of at least
// Min calls in the last Window failed; 0 turns either rule off.
//
// It refuses calls for Open, 10 % more or less by chance, then lets Probes calls
// through. When all of them succeed it closes. When one fails it opens again. It also
// opens again when the callee throttles one: then for as long as the callee's hint
// says, if that is longer. Unless OpenMax is 0, the open time doubles each time that
// a probe opens the breaker again, up to OpenMax; after closing it is Open again. A
// hint counts up to OpenMax or, where that is 0, up to ten times Open.
//
// For the time of Ramp after closing, 0 for none, it admits a share of the calls
// that grows from none to all of them, and Probes calls more; the others get
// [ErrOpen].
//
// Failures in a row are forgotten when no call has finished for longer than Window
// and Open. A success or an answer that took longer than Slow counts as a failure;
// 0 is off.
//
// With [ExtentFleet] it tells the others of its [Fleet] when it opens. When enough of them
// have opened, it probes: see [Suspicion].
type Breaker struct {
	Name string // as errors and stats show it

	Consecutive Consecutive   `key:"consecutive" default:"auto" off:"off" values:"auto, 1 or more" help:"failures in a row that open it; auto is 5, and more with many calls in the window, where chance alone brings 5"`
	Ratio       Ratio         `key:"ratio" default:"50%" off:"0%" range:"(0%,100%]" help:"share of failures in the window that opens it"`
	Min         int           `key:"min" default:"10" range:"[1,]" help:"answered calls in the window below which the ratio does not count"`
	Window      time.Duration `key:"window" default:"60s" range:"[10ms,]" help:"length of the rolling window"`
	Open        time.Duration `key:"open" default:"30s" range:"(0s,]" upto:"OpenMax" help:"how long it refuses calls before it probes, 10% more or less; 30s..10m doubles that with each probe that fails, up to 10m"`
	OpenMax     time.Duration // up to which Open doubles with each probe that fails; 0: it does not
	Probes      int           `key:"probes" default:"2" range:"[1,1000]" help:"calls let through half-open, all of which must succeed to close it"`
	Slow        time.Duration `key:"slow" default:"off" off:"0s" range:"(0s,]" help:"a call slower than this counts as a failure"`
	Ramp        time.Duration `key:"ramp" default:"off" off:"0s" range:"(0s,]" help:"time after closing in which the share of admitted calls grows from the probes to all"`
	Extent      Extent        `key:"scope" default:"process" help:"process; fleet: it tells the other processes of WithFleet when it opens, and probes when several of them open"`
	Scope
}

// Limit admits Rate.Count attempts in Rate.Per on average, and up to Burst at
// once after a quiet time. An attempt that finds no token waits up to Wait for
// one, behind those that wait already. It is refused at once if its turn will not
// come in time, or if Queue attempts wait; a Queue of 0 is no bound.
//
// A callee that throttles an attempt and says for how long holds back every
// attempt for that time, but no longer than the method's retries may wait
// ([Retry].Max), or 30 seconds without a retry.
//
// With [ExtentFleet] all processes of the client's [Fleet] together keep to Rate and Burst;
// [Ask] says how closely. A Burst below what the rate brings in 50 ms counts as that.
type Limit struct {
	Name string // as errors and stats show it

	Rate  Rate          `key:"rate,positional" help:"attempts in a span of time: 100/s, 10/60s, 1000/m"`
	Burst int           `key:"burst" range:"[1,]" help:"attempts at once after a quiet time; the rate's count where it is left out"`
	Wait  time.Duration `key:"wait" default:"0s" range:"[0s,]" help:"how long an attempt may wait for its turn"`
	Queue int           `key:"queue" default:"off" off:"0" range:"[1,]" help:"how many attempts may wait at once; off: any number"`
	Hints Hints         `key:"hints" default:"on" help:"on: when the callee says how long to stay away (Retry-After), all attempts do; off: only the one that was told"`

	Extent Extent `key:"scope" default:"process" help:"process: each process has the rate; fleet: all processes of WithFleet share it"`
	Scope
}

// Bulkhead admits Calls attempts at once. One that finds no place waits up to
// Wait for it, behind those that wait already. It is refused at once if Queue
// attempts wait; a Queue of 0 is no bound.
type Bulkhead struct {
	Name string // as errors and stats show it

	Calls int           `key:"calls,positional" range:"[1,1000000000]" help:"attempts under way at once"`
	Wait  time.Duration `key:"wait" default:"0s" range:"[0s,]" help:"how long an attempt may wait for its turn"`
	Queue int           `key:"queue" default:"off" off:"0" range:"[1,]" help:"how many attempts may wait at once; off: any number"`
	Scope
}

// Scope says which calls share a breaker, limit or bulkhead, and whether it refuses
// calls. Guards of a client that are kept by one type of key share the largest of
// their Keys. See [KeyedMethod.For] for calls of more keys than that.
type Scope struct {
	Per  string `key:"per" help:"method, for one of each method, or a Go expression over the parameters, for one of each of its values"`
	Keys int    `key:"keys" range:"[1,]" help:"values of per held at most, 10000 where it is left out; the calls of more pass and are counted"`
	Mode Mode   `key:"mode" default:"enforce" help:"enforce, or observe: decide and count, never refuse"`
}

// A statePolicy is a policy whose methods share state: a guard's.
type statePolicy interface {
	state() (name string, scope *Scope)
}

func (b *Breaker) state() (string, *Scope)  { return b.Name, &b.Scope }
func (l *Limit) state() (string, *Scope)    { return l.Name, &l.Scope }
func (b *Bulkhead) state() (string, *Scope) { return b.Name, &b.Scope }

// Hedge starts up to Max more attempts, one each Delay, while none has been answered;
// one that fails starts the next at once: see [Hedged]. A Delay of 0 is none.
//
// With [ModeObserve] none starts, and attempts beside which one would are counted.
type Hedge struct {
	Delay time.Duration `key:"delay,positional" range:"(0s,]" help:"time after which another attempt starts"`
	Max   int           `key:"max" default:"1" range:"[1,100]" help:"extra attempts"`
	Mode  Mode          `key:"mode" default:"enforce" help:"enforce, or observe: count the attempts beside which it would start one, and start none"`

	// Budget is the retry budget of the client, which hedges draw on: see
	// [Retry.Budget]. It is set for methods that are hedged and not retried; 0 is no
	// bound.
	Budget Ratio
}

// Complete fills in what follows from other fields: a limit's burst, and how many
// keys are held where there are keys.
func (p *Policies) Complete() {
	if p.Limit != nil && p.Limit.Burst == 0 {
		p.Limit.Burst = p.Limit.Rate.Count
	}
	for _, s := range p.Scopes {
		if s.keyed() && s.Keys == 0 {
			s.Keys = 10_000
		}
	}
}

// keyed reports whether there is one guard for each value of an expression.
func (s *Scope) keyed() bool { return s.Per != "" && s.Per != "method" }

// Scopes yields those of the guards that are there, by directive.
func (p *Policies) Scopes(yield func(name string, s *Scope) bool) {
	for name, g := range p.guards {
		if _, scope := g.state(); !yield(name, scope) {
			return
		}
	}
}

// guards yields the policies that have state, by directive.
func (p *Policies) guards(yield func(name string, guard statePolicy) bool) {
	if p.Breaker != nil && !yield("breaker", p.Breaker) {
		return
	}
	if p.Limit != nil && !yield("limit", p.Limit) {
		return
	}
	if p.Bulkhead != nil {
		yield("bulkhead", p.Bulkhead)
	}
}

// budget is what the method may spend of the client's retry budget, 0 for no bound.
func (p *Policies) budget() Ratio {
	switch {
	case p.Retry != nil:
		return p.Retry.Budget
	case p.Hedge != nil:
		return p.Hedge.Budget
	}
	return 0
}
