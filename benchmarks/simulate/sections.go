package simulate

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/plot"
	"github.com/resilgen/resilgen/internal/simulation"
	resil "github.com/resilgen/resilgen/runtime"
)

const introduction = "# Behaviour\n\n" +
	"This page is written by `make simulate`. Do not edit it.\n" + `
What do many clients and one backend do to each other when something goes wrong? One
client does not show it. So this page simulates fleets: the code that generated wrappers
run, many clients, one backend, in virtual time. It is a model. Real backends differ in
numbers, and have the same feedback: failures make retries, retries make load, load
makes failures.

- **The backend** has a bounded number of workers. Each works on one call at a time, for
  50 ms on average, and up to a fifth more or less. A call that finds no free worker
  waits in a queue. The backend serves every call in the queue, also those whose callers
  have given up: the longer the queue, the more of its work nobody waits for.
- **The clients** are like the processes of a service: they share the calls evenly, and
  each has a breaker and a budget of its own. Calls come at random. A caller waits for 2 s,
  and each attempt may take 500 ms.
- **The policies** are directives with their defaults, and written as directives. "no
  policy" has the attempt timeout only, as all others have.
- **failsafe-go** (` + failsafeVersion + `) has the same numbers: 3 attempts with delays from the same
  range, its own kind of budget with its defaults (a fifth of the executions that are
  under way, 3 at least), a breaker that opens at 50 % of at least 10 calls of the last
  minute, for 30 s, a tenth more or less, and that 2 successes close. It takes all errors
  for failures, as it does by default, and does not retry what its breaker refuses. Its
  breaker cannot count failures in a row as well.
- **Chance** is seeded: arrivals, service times, failures and jitter. Each scenario is
  played with 5 seeds. Tables show the median, pictures the first seed.

The columns:

- **recovered after**: the time from the end of the fault until 19 of 20 calls succeed, for
  five seconds on end. "never" means that the simulation ended before, a minute or more
  after the fault.
- **load**: attempts that reach the backend, for each call that callers make, from the
  beginning of the fault to a minute after its end. Breakers bring it below 1.
- **peak second**: the load of the second of that time in which it is highest.
- **goodput**: the share of the calls that succeed, in the minute after the fault.
`

// clients is the size of fleets where it does not matter much.
const clients = 40

var (
	retryAlways  = resilgen("retry budget=off")
	retry        = resilgen("retry")
	breaker      = resilgen("breaker")
	retryBreaker = resilgen("retry", "breaker")

	failsafeRetryAlways  = failsafeGo{name: "retry without a budget", retry: true}.policy()
	failsafeRetry        = failsafeGo{name: "retry", retry: true, budget: true}.policy()
	failsafeBreaker      = failsafeGo{name: "breaker", breaker: true}.policy()
	failsafeRetryBreaker = failsafeGo{name: "retry + breaker", retry: true, budget: true, breaker: true}.policy()
)

func resilgen(directives ...string) simulation.Policy { return simulation.Resilgen(directives) }

// hang is the section on a backend that hangs for a second.
func (w *writer) hang() {
	blip := func(clients int, p simulation.Policy) records { return w.play("blip", simulation.Blip(clients, p)) }
	byFleet := func(policies ...simulation.Policy) {
		table := page.Table{columns}
		for _, p := range policies {
			for _, n := range simulation.Fleets {
				table = append(table, blip(n, p).figures(p.Name+", "+fleet(n)))
			}
		}
		w.print(table)
	}

	w.print("## A backend hangs for a second")
	w.print(`
The backend has 20 workers and can serve 400 calls a second. Callers make 320 calls a
second, all clients together. For one second the workers begin nothing. The queue has no
bound that matters.`)
	for _, library := range []struct {
		name, title string
		policies    []simulation.Policy
	}{
		{"blip.svg", "40 clients of a backend that hangs for a second: resilgen", []simulation.Policy{simulation.NoPolicy, retryAlways, retry, retryBreaker}},
		{"blip-failsafe-go.svg", "40 clients of a backend that hangs for a second: failsafe-go", []simulation.Policy{simulation.NoPolicy, failsafeRetryAlways, failsafeRetry, failsafeRetryBreaker}},
	} {
		var curves []records
		var names []string
		for _, p := range library.policies {
			curves = append(curves, blip(clients, p))
			names = append(names, strings.TrimPrefix(p.Name, failsafePrefix))
		}
		w.draw(library.name, library.title, curves, names)
	}

	w.print("### Nothing that bounds retries")
	table := page.Table{columns}
	for _, p := range []simulation.Policy{simulation.NoPolicy, retryAlways, failsafeRetryAlways} {
		table = append(table, blip(clients, p).figures(p.Name))
	}
	w.print(table)
	w.print(`
The size of the fleet does not matter here. Left alone, the backend works off its queue
within two seconds. With retries and no budget it never does: each call that times out
comes back twice, three times the calls are more than it can serve, and so all of them
time out. The fault is over and the outage is not. This is why ` + "`retry`" + ` has a budget by
default. Do not turn it off without a breaker.`)

	w.print("### Retries with a budget")
	byFleet(retry, failsafeRetry)
	var curves []records
	var sizes []string
	for _, n := range simulation.Fleets {
		curves, sizes = append(curves, blip(n, retry)), append(sizes, fleet(n))
	}
	w.draw("blip-budget.svg", "Retries with the default budget, by the number of clients", curves, sizes)
	w.print(`
A client may spend on retries a fifth of the answers of the last ten seconds, and a
reserve of 10 that gets one back every ten seconds. The fifth is a share of the traffic,
however many clients make it. The reserve is each client's own. It grows with the fleet,
to 1,600 retries for 160 clients, and so does the time to recover. Over the outage the load
stays below 1.3 for every fleet. In the peak second it does not, because what has been
saved up is spent at once. The reserve does not depend on ` + "`budget=`" + `: if many clients
call rarely, add a breaker.

failsafe-go's budget is a share of the calls that are under way. The longer an overloaded
backend takes, the more calls are under way, and the more may be retried. So the load stays
above 1.25, which is all that the backend can serve.`)

	w.print("### A breaker")
	byFleet(breaker, failsafeBreaker)
	w.print(`
A second of failures in a row opens resilgen's breakers. They stay open for 30 s, although
the backend has recovered after 1.5 s. Of the 160 clients many have too few calls to open.
failsafe-go's breakers stay closed, because the failures are far below half of the calls in
their window. The default open time is made for faults that last, and makes short ones
longer. [How long to stay open](#how-long-to-stay-open) shows what to write against that.`)

	w.print("### Retries and a breaker")
	byFleet(retryBreaker, failsafeRetryBreaker)
	w.print(`
With a breaker every fleet recovers, whatever its size. It takes the open time, a tenth
more or less. The load of the outage is about half of what callers ask for, because breakers
refuse the rest. failsafe-go's breakers end its outage as well. So where there are retries,
have a breaker too: a budget bounds an outage, a breaker ends it.`)
}

// partial is the section on a share of calls that fails.
func (w *writer) partial() {
	partial := func(rate, failing float64, p simulation.Policy) records {
		return w.play(fmt.Sprintf("%.0f%% at %.0f/s", 100*failing, rate), simulation.Partial(failing, rate, 10*time.Second, p))
	}
	five := resilgen("breaker consecutive=5")
	byRate := func(table page.Table, row func(rate, failing float64) []string) {
		for _, rate := range []float64{20, 100, 1000} {
			for _, failing := range []float64{0.1, 0.2, 0.3, 0.4} {
				table = append(table, append([]string{fmt.Sprintf("%.0f/s, %.0f %% fail", rate, 100*failing)}, row(rate, failing)...))
			}
		}
		w.print(table)
	}

	w.print("## A share of the calls fails")
	w.print(`
One client calls a backend that has time to spare and takes 10 ms. After ten seconds a share
of the calls begins to fail at once, for a minute, as when one of several replicas is down.
The share stays below ` + "`ratio`" + `, so that no breaker is meant to open. The columns show the
goodput of that minute, and for policies with retries the load.`)
	byRate(page.Table{{"calls", "no policy", "breaker", "breaker consecutive=5", "failsafe-go: breaker", "retry + breaker", "load", "failsafe-go: retry + breaker", "load"}},
		func(rate, failing float64) (row []string) {
			for _, p := range []simulation.Policy{simulation.NoPolicy, breaker, five, failsafeBreaker} {
				r := partial(rate, failing, p)
				row = append(row, r.goodput(r.Begins, r.Ends))
			}
			for _, p := range []simulation.Policy{retryBreaker, failsafeRetryBreaker} {
				r := partial(rate, failing, p)
				row = append(row, r.goodput(r.Begins, r.Ends), r.load(r.Begins, r.Ends))
			}
			return row
		})
	curves := []records{partial(1000, 0.2, breaker), partial(1000, 0.2, five), partial(1000, 0.2, failsafeBreaker)}
	w.draw("partial.svg", "1,000 calls a second, of which a fifth fails", curves, names(curves))
	w.print(`
A fixed number of failures in a row suits a client with few calls. At 1,000 calls a second
five in a row come by chance within seconds, and the breaker makes a full outage of a fifth
of one. ` + "`consecutive=auto`" + `, the default, asks for more failures in a row the more calls there
are. It opens nothing here. Write a number only where you know the rate of calls. Retries hide
most of the failures, up to what the budget allows, a fifth of the answers. failsafe-go's budget
allows more here, because retries that fail at once are hardly ever under way.`)

	w.print("### From the first call on")
	w.print(`
The same, but the share fails from the client's first call on, as for a process that starts
while a replica is down. A breaker that has just closed is in the same place: it has seen no
calls. The table shows in how many of 20 runs a breaker opens within ten seconds.`)
	var opened atomic.Bool
	observer := resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Kind == resil.EventStateChanged && e.To == resil.StateOpen {
			opened.Store(true)
		}
	})
	ours := simulation.Resilgen([]string{"breaker"}, observer)
	patient := simulation.Resilgen([]string{"breaker consecutive=off min=100"}, observer)
	theirs := failsafeGo{breaker: true, opened: func() { opened.Store(true) }}.policy()
	byRate(page.Table{{"calls", ours.Name, patient.Name, "failsafe-go: breaker"}}, func(rate, failing float64) (row []string) {
		for _, p := range []simulation.Policy{ours, patient, theirs} {
			const runs = 20
			n := 0
			for seed := range uint64(runs) {
				s := simulation.Partial(failing, rate, 0, p)
				s.Lasts = 10 * time.Second
				opened.Store(false)
				w.playOnce(s, seed+1)
				if opened.Load() {
					n++
				}
			}
			row = append(row, fmt.Sprintf("%d of %d", n, runs))
		}
		return row
	})
	w.print(`
Breakers that have seen ten calls open by chance: that five of ten fail is not rare where
three of ten do on average. With many calls it is worse. Failures are there at once, successes
take 10 ms, and so the first results are failures only. A larger ` + "`min`" + ` alone does not help,
because failures in a row open the breaker then. Where such shares of failures are to be
expected, write ` + "`consecutive=off min=100`" + `. Such a breaker takes longer to notice a full outage.`)
}

// flapping is the section on a backend that is up and down.
func (w *writer) flapping() {
	flapping := func(p simulation.Policy) records { return w.play("flapping", simulation.Flapping(clients, p)) }
	w.print("## A backend flaps")
	w.print(`
For five minutes the backend is up for one second in every thirty, as one that is restarted
again and again and crashes at its first work. Breakers with an open time of 30 s probe it in
the same rhythm. Then it is up for good. 40 clients make 160 calls a second, of 400 that it can
serve. Here the load is that of the five minutes.`)
	table := page.Table{{"policy", "load in the fault", "recovered after", "goodput"}}
	slow, quick := resilgen("breaker open=30s..10m"), resilgen("breaker open=1s..30s")
	for _, p := range []simulation.Policy{breaker, slow, quick, retryBreaker, failsafeBreaker, failsafeRetryBreaker} {
		r := flapping(p)
		load := median(r, func(x *simulation.Record) float64 { return x.Load(r.Begins, r.Ends) })
		table = append(table, []string{p.Name, fmt.Sprintf("%.3f", load), r.recovered(), r.goodput(r.Ends, r.Ends+time.Minute)})
	}
	w.print(table)
	curves := []records{flapping(breaker), flapping(slow), flapping(quick), flapping(failsafeBreaker)}
	w.draw("flapping.svg", "40 clients of a backend that is up for a second in thirty", curves, names(curves), func(p *plot.Picture) {
		s := curves[0].Scenario
		p.Faults, p.Lasts = nil, s.Ends+200*time.Second
		for at := s.Begins; at < s.Ends; at += 30 * time.Second {
			p.Faults = append(p.Faults, [2]time.Duration{at, at + 29*time.Second})
		}
	})
	w.print(`
Breakers keep all but one or two calls in a hundred away from a backend that is down. With
` + "`open=30s..10m`" + ` they probe less and less, and then keep away for minutes from a backend that is
up. That is for backends that need long to come back and suffer from every call. It is not the
default. An open time that grows from one second to 30 s does as well as one of 30 s.`)
}

// slowStart is the section on a backend that warms up.
func (w *writer) slowStart() {
	slow := func(p simulation.Policy) records { return w.play("slow start", simulation.SlowStart(clients, p)) }
	ramp := resilgen("breaker ramp=20s")
	w.print("## A backend starts slowly")
	w.print(`
The backend of the first scenario fails all calls for 27 s. Then it warms up: its capacity
grows from a tenth to all of it within 20 s. The 27 s are chosen so that breakers with an open
time of 30 s probe it when it has just begun, which is the worst time. 40 clients make 320
calls a second.`)
	table := page.Table{columns}
	for _, p := range []simulation.Policy{
		simulation.NoPolicy, retry, breaker, ramp, retryBreaker, resilgen("retry", "breaker ramp=20s"),
		failsafeRetry, failsafeBreaker, failsafeRetryBreaker,
	} {
		table = append(table, slow(p).figures(p.Name))
	}
	w.print(table)
	curves := []records{slow(simulation.NoPolicy), slow(breaker), slow(ramp), slow(failsafeBreaker)}
	w.draw("slow-start.svg", "40 clients of a backend that starts slowly", curves, names(curves))
	w.print(`
Without a ramp two probes that succeed bring all of a client's calls back. That is too much
for a backend that has just begun. Most breakers open again, and the fleet waits for another
open time. With ` + "`ramp=20s`" + ` the calls grow as the backend does. The ramp is off by default,
because it costs calls where a backend can do at once what it could before. Write one, as long
as the backend needs, where caches or pools have to fill first. failsafe-go's breakers fare better
here than resilgen's without a ramp because they open some seconds later, by which the backend
that they probe is warmer. Its fleet with retries does not.`)
}

// impatient is the section on callers who give up.
func (w *writer) impatient() {
	impatient := func(p simulation.Policy) records { return w.play("impatient", simulation.Impatient(clients, p)) }
	told := failsafeGo{name: "breaker, told what failures are", breaker: true,
		failures: []error{simulation.ErrFault, simulation.ErrFull, timeout.ErrExceeded}}.policy()
	w.print("## Callers are impatient")
	w.print(`
Nothing is wrong with the backend: it answers in 50 ms and has twice the workers that it
needs. But six in ten callers give it 10 ms. The column shows the goodput of the other four.`)
	table := page.Table{{"policy", "goodput of the patient", "load"}}
	for _, p := range []simulation.Policy{simulation.NoPolicy, breaker, retryBreaker, failsafeBreaker, failsafeRetryBreaker, told} {
		r := impatient(p)
		good := median(r, func(x *simulation.Record) float64 { return x.PatientGoodput(0, r.Lasts) })
		table = append(table, []string{p.Name, percent(good), r.load(0, r.Lasts)})
	}
	w.print(table)
	curves := []records{impatient(breaker), impatient(failsafeBreaker)}
	w.draw("impatient.svg", "40 clients, six in ten of whose callers give up after 10 ms", curves, names(curves), func(p *plot.Picture) {
		p.Panels[0].Level, p.Panels[0].Name = curves[0].Rate*(1-curves[0].Hasty), "calls of patient callers"
		p.Panels[1].Name = ""
	})
	w.print(`
A caller who gives up before the backend's usual time proves nothing about the backend, and
does not count for resilgen's breakers. In failsafe-go such a call is a failure by default, and
impatient callers open the breakers for all others. One can list the errors that are failures
there, so that a caller's own deadline is none. Then the breaker does not notice a backend that
hangs while all callers bring deadlines shorter than the attempt timeout.`)
}

// openTime is the section on how long a breaker stays open.
func (w *writer) openTime() {
	w.print("## How long to stay open")
	w.print(`
The scenarios above with other open times, for 40 clients with ` + "`breaker`" + ` alone, and one more: a
backend that hangs for ten seconds instead of one. Each column is the time to recover. The last
one is the load of the backend that flaps, while it does.`)
	table := page.Table{{"open=", "hangs for 1 s", "hangs for 10 s", "starts slowly", "the same, ramp=20s", "flaps", "load"}}
	for _, open := range []string{"1s", "5s", "10s", "30s", "1s..30s", "5s..30s", "30s..10m"} {
		p := resilgen("breaker open=" + open)
		ramp := resilgen(p.Name + " ramp=20s")
		flapping := w.play("flapping", simulation.Flapping(clients, p))
		load := median(flapping, func(x *simulation.Record) float64 { return x.Load(flapping.Begins, flapping.Ends) })
		table = append(table, []string{open,
			w.play("blip", simulation.Blip(clients, p)).recovered(),
			w.play("hang", simulation.Hang(10*time.Second, clients, p)).recovered(),
			w.play("slow start", simulation.SlowStart(clients, p)).recovered(),
			w.play("slow start", simulation.SlowStart(clients, ramp)).recovered(),
			flapping.recovered(), fmt.Sprintf("%.3f", load)})
	}
	w.print(table)
	w.print("With retries, by the number of clients, of a backend that hangs for a second:")
	table = page.Table{columns}
	for _, p := range []simulation.Policy{resilgen("retry", "breaker open=30s"), resilgen("retry", "breaker open=1s..30s")} {
		for _, n := range simulation.Fleets {
			table = append(table, w.play("blip", simulation.Blip(n, p)).figures(p.Name+", "+fleet(n)))
		}
	}
	w.print(table)
	w.print(`
A short open time ends a short outage soon, and calls a backend that is down often: with
` + "`open=1s`" + ` one that flaps gets nearly a quarter of the calls. One that grows has the good of
both. ` + "`open=1s..30s`" + ` is as quick as 1 s where the fault is short, and keeps away nearly as well
as 30 s where it lasts. Nothing on this page goes much better with
` + "`open=30s`" + `. Against a backend that starts slowly a ramp helps more than either.`)
}
