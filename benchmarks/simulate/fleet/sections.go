package fleet

import (
	"fmt"
	"math"
	"time"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/plot"
)

const introduction = "# Fleets in figures\n\n" +
	"This page is written by `make simulate`. Do not edit it.\n" + `
What does a limit with ` + "`scope=fleet`" + ` admit, what does it cost, and how many processes can share
it? This page simulates up to 10,000 processes and one Redis in virtual time. The code that
takes leases is that of production. What is around it is a model:

- **The processes** do with their leases what generated clients do. A test plays the same
  scenarios with real clients: what is admitted agrees within three hundredths of the
  calls, and the round trips within a twelfth.
- **The network** takes 0.3 ms for a round trip, and 2 ms for one way in a hundred.
- **Redis** does one thing after the other. It takes 25 µs for each ask, and as long for what
  each process reads once a second. We measured 21 to 24 µs and 19 to 24 µs of processor time
  with redis-server 7.0.15, by the number of processes. So one Redis serves 40,000 requests a second.
- **The callers** call at random. Those who find no token are refused, and do not come back.
- **The limit** has a burst of a tenth of a second's rate. Each scenario lasts ten seconds
  or more, after two seconds that do not count, with one seed.

Real clients of package resilredis, all in one program, and a real Redis on the same machine did this
in runs of six seconds, simulated in brackets:

| limit, processes, demand | of the limit  | round trips/s | a call        | worst second  |
| ------------------------ | ------------: | ------------: | ------------: | ------------: |
| 1,000/s, 8, 2×           | 100 % (100 %) |     146 (145) | 0.072 (0.072) | 1,078 (1,058) |
| 1,000/s, 8, 0.5×         |   50 % (51 %) |       96 (97) | 0.191 (0.192) |     546 (544) |
| 1,000/s, 50, 2×          |  99 % (100 %) |     638 (659) | 0.312 (0.326) | 1,118 (1,102) |
| 5,000/s, 50, 1.5×        | 100 % (100 %) |     832 (848) | 0.110 (0.113) | 5,262 (5,337) |
| 2,000/s, 200, 2×         |   98 % (99 %) | 1,772 (1,824) | 0.444 (0.454) | 2,270 (2,258) |

The columns of the tables below:

- **of one bucket**: what the processes admit, compared with one bucket with the same rate and burst
  that all of them could ask at no cost. Above 100 % is more than that bucket would admit.
- **worst second**, **worst 200 ms**: the most that was admitted in a window of that length,
  wherever it begins, and the bound: rate × window + burst + rate × 200 ms + what processes may
  admit ahead of answers.
- **round trips**: asks, a second, and for each call that is made.
- **Redis busy**: the share of the time in which Redis works, for this limit alone.
`

var sizes = []int{1, 8, 50, 200, 1000, 10_000}
var rates = []float64{100, 1000, 10_000, 100_000}

// growth is the section on how slack and load grow.
func (w *writer) growth() {
	columns := []string{"limit, processes", "of one bucket", "worst second", "bound", "worst 200 ms", "bound", "round trips/s", "a call", "Redis busy"}
	row := func(label string, r *Record) []string {
		const short = 200 * time.Millisecond
		return []string{label, share(r.Of()),
			whole(float64(r.Worst(time.Second))), whole(r.Bound(time.Second)), whole(float64(r.Worst(short))), whole(r.Bound(short)),
			whole(r.AsksPerSecond()), fmt.Sprintf("%.3f", r.AsksPerCall()), share(r.Utilisation())}
	}

	w.print("## How slack and load grow")
	w.print("All processes are called alike, twice as often as the limit allows.")
	table := page.Table{columns}
	for _, rate := range rates {
		for _, n := range sizes {
			table = append(table, row(fmt.Sprintf("%s/s, %s", whole(rate), whole(float64(n))), w.play(New(n, rate).Equal(2))))
		}
	}
	w.print(table)
	p := plot.Picture{Title: "A limit that is called twice as often as it allows", Axis: "processes", Step: time.Second, Lasts: time.Duration(len(sizes)) * time.Second}
	trips, slack := plot.Panel{Title: "round trips a second", Level: 40_000, Name: "what one Redis serves"}, plot.Panel{Title: "most in a second, in % of the rate"}
	for _, n := range sizes {
		p.Places = append(p.Places, whole(float64(n)))
	}
	for _, rate := range rates {
		p.Curves = append(p.Curves, whole(rate)+"/s")
		var a, b []float64
		for _, n := range sizes {
			r := w.play(New(n, rate).Equal(2))
			a, b = append(a, r.AsksPerSecond()), append(b, 100*float64(r.Worst(time.Second))/rate)
		}
		trips.Series, slack.Series = append(trips.Series, a), append(slack.Series, b)
	}
	p.Panels = []plot.Panel{trips, slack}
	w.draw("growth.svg", p)
	w.print(`
The bound holds everywhere, with much room. Slack does not grow with the fleet: the worst second has
the burst and a little of what was leased before. The bound grows where there are more processes than tokens in 200 ms,
because each of them may admit one call ahead of an answer that is late. That happens when all begin at once or Redis is slow.

Load grows with the number of processes that want tokens, not with the rate and not with the calls.
A process at its limit asks up to 20 times a second, and one whose part is small asks less
often. From 1,000 busy processes on they pause longer, so that all of a limit together ask no
more than 20,000 times a second. Without that rule 2,000 processes filled a Redis.`)

	w.print("### By demand")
	w.print("The same for a limit of 10,000/s, by how often it is called in times of the limit.")
	columns[0] = "processes, demand"
	table = page.Table{columns}
	for _, n := range sizes {
		for _, demand := range []float64{0.5, 1, 2, 10} {
			table = append(table, row(fmt.Sprintf("%s, %v×", whole(float64(n)), demand), w.play(New(n, 10_000).Equal(demand))))
		}
	}
	w.print(table)
	w.print(`
Below the limit hardly a call is refused. At the limit up to a tenth is lost: a
lease that a process does not spend within 200 ms is gone, and where each process has few calls
in a lease, chance decides. Above the limit there is always a caller for a token.`)
}

// fairness is the section on equal demand.
func (w *writer) fairness() {
	w.print("## Fairness")
	w.print(`
All processes are called alike. Each scenario lasts a minute or more, until a process has had 1,000
tokens on average, and 400 where there are 10,000. The columns are what the process with the least got,
and the one than which a twentieth got less, as shares of the mean. Chance has its part in
that: of 10,000 processes that get 400 tokens on average, and are treated alike, the last gets about 80 %.`)
	table := page.Table{{"limit, processes", "demand 1.2×: least", "a twentieth", "2×: least", "a twentieth", "10×: least", "a twentieth"}}
	for _, rate := range rates[:3] {
		for _, n := range sizes[1:] {
			if rate < float64(n) {
				continue
			}
			row := []string{fmt.Sprintf("%s/s, %s", whole(rate), whole(float64(n)))}
			for _, demand := range []float64{1.2, 2, 10} {
				s := New(n, rate).Long(1000)
				if n == 10_000 {
					s = New(n, rate).Long(400)
				}
				s.Lasts = max(s.Lasts, s.From+time.Minute)
				least, twentieth := w.play(s.Equal(demand)).Fairness()
				row = append(row, share(least), share(twentieth))
			}
			table = append(table, row)
		}
	}
	w.print(table)
	w.print(`
Processes get equal parts as soon as the part is a token a second, one in five leases. Below
that the parts are equal on average, and take minutes to even out.`)

	table = page.Table{{"limit, processes", "evened out after"}}
	for _, s := range []Scenario{New(8, 1000), New(50, 1000), New(200, 10_000), New(1000, 10_000), New(1000, 100_000)} {
		table = append(table, []string{fmt.Sprintf("%s/s, %s", whole(s.Rate), whole(float64(s.Processes))), seconds(w.play(s.Newcomers(2)).EvenedOut())})
	}
	w.print("Half of the processes begin while the others use all of the limit. So long it takes until they get four fifths of their part, and keep it:")
	w.print(table)
	w.print("At the limit a process asks for no more than its part. So those who come find tokens as soon as they have asked twice.")
}

// uneven is the section on demand that is not equal.
func (w *writer) uneven() {
	w.print("## Uneven demand")
	w.print(`
Calls are twice what a limit of 10,000/s allows. **Skewed**: a tenth of the processes has nine
tenths of the calls. **One busy**: one process has them all, and each of the others is called every ten
seconds. **Bursts**: all of the second's calls come in its first quarter, eight times the limit.`)
	table := page.Table{{"processes", "skewed: of one bucket", "round trips/s", "one busy: gets", "round trips/s", "bursts: of one bucket", "worst 200 ms", "bound"}}
	for _, n := range []int{8, 50, 200, 1000, 10_000} {
		s := New(n, 10_000)
		skewed, busy, bursts := w.play(s.Skewed(2)), w.play(s.OneBusy(2)), w.play(s.Bursts(2))
		const short = 200 * time.Millisecond
		table = append(table, []string{whole(float64(n)), share(skewed.Of()), whole(skewed.AsksPerSecond()),
			whole(busy.PerSecond(0, 1)) + "/s", whole(busy.AsksPerSecond()), share(bursts.Of()), whole(float64(bursts.Worst(short))), whole(bursts.Bound(short))})
	}
	w.print(table)
	w.print(`
A busy process gets what the others leave. Quiet processes cost a round trip for each call, in the
background: a call goes ahead of the answer. In the burst of 10,000 processes Redis is late with
its answers, and each process admits one call ahead. That is more than one bucket would admit at once,
within the bound, and is paid back from the next grants.`)
}

// troubles is the section on faults.
func (w *writer) troubles() {
	w.print("## When something is wrong")
	w.print(`
A limit of 10,000/s, called twice as often as that. **Gone**: Redis does not answer for two
seconds. **Wiped**: it forgets everything. **Stopped**: one process does nothing for a second, and then has all
calls of that second at once. **20 ms**, **40 ms**, **200 ms**: a round trip takes so long; after 50 ms
nobody waits for the answer, so the last means no Redis. "found" is the time until every process has an answer again,
"excess" the most that was admitted in any time beyond rate × time.`)
	table := page.Table{{"processes, fault", "of one bucket", "in the fault", "found after", "excess", "bound"}}
	for _, n := range []int{8, 200, 1000} {
		s := New(n, 10_000).Equal(2)
		for _, fault := range []struct {
			name string
			Scenario
		}{
			{"none", s}, {"gone", s.Gone()}, {"wiped", s.Wiped()}, {"stopped", s.OneStopped()},
			{"20 ms", s.Distant(20 * time.Millisecond)}, {"40 ms", s.Distant(40 * time.Millisecond)}, {"200 ms", s.Distant(200 * time.Millisecond)},
		} {
			r := w.play(fault.Scenario)
			in, found, bound := "", "", r.Bound(0)
			switch fault.name {
			case "gone":
				from, to := r.Store.GoneFrom, r.Store.GoneTo
				in = share(float64(sum(r.Admitted, from, to)) / float64(sum(r.Could, from, to)))
				found = seconds(r.Found(to))
				bound += float64(max(r.Burst, n))
			case "wiped":
				bound += float64(r.Depth())
			case "200 ms":
				bound += float64(max(r.Burst, n))
			}
			table = append(table, []string{fmt.Sprintf("%s, %s", whole(float64(n)), fault.name), share(r.Of()), in, found, whole(r.Excess), whole(bound)})
		}
	}
	w.print(table)

	p := plot.Picture{Title: "200 processes share 10,000/s, and Redis is gone for two seconds", Lasts: 12 * time.Second, Step: 200 * time.Millisecond,
		Faults: [][2]time.Duration{{begins, begins + 2*time.Second}}}
	admitted, asks := plot.Panel{Title: "calls admitted a second", Level: 10_000, Name: "the limit"}, plot.Panel{Title: "round trips a second"}
	for _, c := range []struct {
		name string
		Scenario
	}{{"all called alike", New(200, 10_000).Equal(2)}, {"a tenth has nine tenths of the calls", New(200, 10_000).Skewed(2)}} {
		r := w.play(c.Gone())
		p.Curves = append(p.Curves, c.name)
		admitted.Series, asks.Series = append(admitted.Series, perSecond(r.Admitted, p.Step)), append(asks.Series, perSecond(r.Asks, p.Step))
	}
	p.Panels = []plot.Panel{admitted, asks}
	w.draw("gone.svg", p)
	w.print(`
While Redis is gone, each process has an equal part. Where all are called alike, the fleet
admits what it should. Where the part is small, a process's bucket holds a single token, and chance
costs up to a third. Where a few processes have most of the calls, they get only their part, and
the rest of the limit is not used. Processes look for Redis after 250 ms, and then less and less often,
every two seconds at last. Those that have found it share all of the limit while others still have their part:
for that time the fleet admits more, by the share of those that have not.`)
}

func perSecond(series []int, step time.Duration) (list []float64) {
	for i := 0; i+int(step/Step) <= len(series); i += int(step / Step) {
		list = append(list, float64(sum(series, time.Duration(i)*Step, time.Duration(i)*Step+step))/step.Seconds())
	}
	return list
}

// beyond is the section on more than one Redis.
func (w *writer) beyond() {
	w.print("## How many processes one Redis serves")
	w.print("A limit of 100,000/s, so that every process is busy. This is the worst case: with less to do, processes ask less.")
	table := page.Table{{"processes, demand", "of one bucket", "round trips/s", "Redis busy", "longest in Redis", "asks without answer"}}
	row := func(label string, r *Record) {
		table = append(table, []string{label, share(r.Of()), whole(r.AsksPerSecond()), share(math.Min(r.Utilisation(), 1)),
			fmt.Sprintf("%.1f ms", 1000*r.Queue.Seconds()), share(r.Unanswered())})
	}
	for _, n := range []int{500, 1000, 2000, 3000, 5000, 10_000} {
		for _, demand := range []float64{0.5, 1, 2} {
			row(fmt.Sprintf("%s, %v×", whole(float64(n)), demand), w.play(New(n, 100_000).Equal(demand)))
		}
	}
	w.print(table)
	w.print(`
One Redis is enough for about **2,000 processes that are busy all the time**: a third of its
time is left, and answers take as long as before. With 3,000 it is nearly full. With 5,000
answers come too late, processes lose it and go on with their parts, and what is admitted is no longer
exact: below the limit for most, and above it for a while where some have lost Redis and some have not.
10,000 processes are no trouble where they are not busy: with a limit of 10,000/s, in the first table, they need half of a Redis.

Several limits on one Redis add up. 1,000 processes, each with so many limits of 50,000/s that are called twice as often
as they allow:`)
	table = page.Table{{"limits", "of one bucket", "round trips/s each", "Redis busy", "longest in Redis", "asks without answer"}}
	for _, limits := range []int{1, 2, 4, 8} {
		row(fmt.Sprint(limits), w.play(New(1000, 50_000).Equal(2).Crowded(limits)))
	}
	w.print(table)
	w.print(`
A process pauses four times as long as a slow answer took. So limits leave each other room, up to four
here. Eight are too much: answers come too late, and the fleet admits too much, because some processes
have their part while the others still share all of the limit.

## Beyond one Redis

- **Several limits**: use a Redis Cluster. All keys of a client begin with its name in braces, so that they
  are in one slot, and clients spread over the nodes by name. Four nodes serve about four times
  as many processes, if no client has most of them. Nothing changes in the code.
- **One limit of many processes**: a limit is one bucket, and a bucket is on one node. Divide it. Give half of
  the processes another name (` + "`resil.WithName(\"users-a\")`, `resil.WithName(\"users-b\")`" + `) and half of the
  limit each, by an override. Each half is a fleet of its own. What one half does not use, the
  other does not get, so divide at random, by a hash of the host's name, for example, and not by what processes do.
- **Keys**: a limit with ` + "`per=`" + ` has a bucket, and asks, for each key. A process that is busy with
  a hundred keys at once asks as a hundred processes do, although all its asks of a moment go in one round trip.
- **No more exact than needed**: a limit of thousands of processes that all have the same to do needs no
  store. ` + "`scope=process`" + ` with the limit divided by the number of processes admits the same.`)
}
