package resilpage

import (
	"fmt"
	"strconv"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A FleetState is how a client stands with the other processes that have it.
type FleetState struct {
	Status    string    `json:"status"`              // joining, connected or degraded
	Since     time.Time `json:"since"`               // of the status
	Processes int       `json:"processes"`           // last known, this one included; 0 for none known
	LastError string    `json:"lastError,omitempty"` // of the store
	FailedAt  time.Time `json:"failedAt,omitzero"`   // when that was

	Asks     uint64 `json:"asks"`     // asks for tokens of limits that were answered, since the start
	AsksLost uint64 `json:"asksLost"` // those that failed
	Asked    uint64 `json:"asked"`    // tokens asked for
	Granted  uint64 `json:"granted"`  // tokens granted

	Suspicions []FleetSuspicion `json:"suspicions"`        // breakers that are open in some process
	Orders     []FleetOrder     `json:"orders"`            // in force
	Refused    string           `json:"refused,omitempty"` // why ordered overrides are not in force here
}

// A FleetSuspicion is a breaker that is open in some processes.
type FleetSuspicion struct {
	Breaker   string `json:"breaker"`
	Key       string `json:"key,omitempty"`
	Processes int    `json:"processes"`
}

// A FleetOrder is what somebody has all processes do.
type FleetOrder struct {
	Text      string          `json:"text"` // such as "force breaker Users open for 5 min"
	By        string          `json:"by,omitempty"`
	At        time.Time       `json:"at"` // by the clock of the store
	Overrides resil.Overrides `json:"overrides,omitempty"`
}

// fleet describes that of a client, nil for none.
func (d *describer) fleet(stats *resil.Stats) *FleetState {
	f := &stats.Fleet
	if f.Status == resil.FleetNone {
		return nil
	}
	s := &FleetState{
		Status: f.Status.String(), Since: f.Since, Processes: f.Processes,
		LastError: d.printer.error(f.LastError), FailedAt: f.FailedAt,
		Asks: f.Asks, AsksLost: f.AsksLost, Asked: f.Asked, Granted: f.Granted,
		Suspicions: []FleetSuspicion{}, Orders: []FleetOrder{}, Refused: d.printer.error(f.Refused),
	}
	for _, o := range f.Suspicions {
		s.Suspicions = append(s.Suspicions, FleetSuspicion{Breaker: shorten(o.Breaker, maxKey), Key: d.printer.key(o.Key), Processes: o.Processes})
	}
	for i := range f.Orders {
		if o := &f.Orders[i]; isInForce(o) {
			s.Orders = append(s.Orders, FleetOrder{Text: d.order(o), By: d.printer.text(o.By, maxError), At: o.At, Overrides: o.Overrides})
		}
	}
	return s
}

// isInForce reports whether an order holds, as resets and overrides that were taken back do
// not.
func isInForce(o *resil.Order) bool {
	if o.Action == resil.ActionApply {
		return len(o.Overrides) > 0
	}
	return o.Action == resil.ActionForceOpen || o.Action == resil.ActionForceClose
}

// order says what an order wants, in the words of actions of the page.
func (d *describer) order(o *resil.Order) string {
	do := [...]string{resil.ActionForceOpen: "force-open", resil.ActionForceClose: "force-close", resil.ActionReset: "reset", resil.ActionApply: "apply"}
	a := Action{Do: do[o.Action], Client: shorten(o.Client, maxKey), Breaker: shorten(o.Breaker, maxKey), For: seconds(o.For)}
	if o.Key != "" {
		a.Key = d.printer.key(o.Key)
	}
	return a.String()
}

// part is the rate that this process keeps to while its fleet is degraded, empty otherwise.
func part(stats *resil.Stats, l *resil.LimitStats) string {
	if l.Extent != resil.ExtentFleet || stats.Fleet.Status != resil.FleetDegraded {
		return ""
	}
	return share(l.Rate, stats.Fleet.Processes)
}

// share is a rate divided by a number of processes.
func share(r resil.Rate, processes int) string {
	per := r.String()[len(strconv.Itoa(r.Count)):]
	return strconv.FormatFloat(float64(int64(float64(r.Count)/float64(max(processes, 1))*10+0.5))/10, 'f', -1, 64) + per
}

// whose says which calls a limit counts, where these are not those of this process alone.
func (f *finder) whose(l *resil.LimitStats) string {
	switch {
	case l.Extent != resil.ExtentFleet:
		return ""
	case f.stats.Fleet.Status == resil.FleetDegraded:
		return fmt.Sprintf(" for the whole fleet, of which this process keeps to %s while it is alone", share(l.Rate, f.stats.Fleet.Processes))
	}
	return " for all processes of the fleet together"
}

// fleetState tells of a fleet that does not do what it is there for.
func (f *finder) fleetState() {
	if f.fleet == nil {
		return
	}
	stats := &f.stats.Fleet
	if stats.Status == resil.FleetDegraded {
		var limits []string
		for i := range f.stats.Limits {
			if l := &f.stats.Limits[i]; l.Extent == resil.ExtentFleet {
				limits = append(limits, fmt.Sprintf("%s keeps to %s of %s", f.named("limit", l.Name), share(l.Rate, stats.Processes), l.Rate))
			}
		}
		known := "no number of processes is known"
		if stats.Processes > 0 {
			known = "last known: " + count(stats.Processes, "process")
		}
		f.add(Finding{
			Status: StatusWatch, Kind: "fleet-degraded", Since: stats.Since, Error: f.fleet.LastError,
			Text: fmt.Sprintf("fleet degraded for %s: its store does not answer, and this process goes on alone", duration(max(f.at.Sub(stats.Since), time.Second))),
			Why:  sentence("; ", known, few(limits), "breakers go by this process's own calls"),
			Next: "it connects again by itself; orders arrive then",
		})
	}
	if f.fleet.Refused != "" {
		f.add(Finding{
			Status: StatusWatch, Kind: "fleet-refused", Error: f.fleet.Refused,
			Text: "overrides that were ordered for the fleet are not in force in this process",
		})
	}
}

// suspected says that a breaker tries because of other processes.
func (f *finder) suspected(b *resil.BreakerStats) string {
	who := "other processes"
	for _, s := range f.stats.Fleet.Suspicions {
		if s.Breaker == b.Name && (s.Key == "" || f.printer.key(s.Key) == f.printer.key(b.Key)) {
			who = fmt.Sprintf("%d of %s", s.Processes, count(f.stats.Fleet.Processes, "process"))
		}
	}
	return who + " of the fleet have opened theirs, so this one makes sure"
}

// forcedBy says who has forced a breaker, as far as that is known.
func (f *finder) forcedBy(b *resil.BreakerStats) string {
	want := resil.ActionForceOpen
	if b.State == resil.StateForcedClosed {
		want = resil.ActionForceClose
	}
	for i := range f.stats.Fleet.Orders {
		o := &f.stats.Fleet.Orders[i]
		if o.Action == want && o.Breaker == b.Name && (o.Key == "" || f.printer.key(o.Key) == f.printer.key(b.Key)) {
			if want == resil.ActionForceOpen && (b.Opening == nil || b.Opening.By != o.By) {
				continue // somebody has forced it in this process since
			}
			text := "ordered for the whole fleet at " + clock(o.At)
			if o.By != "" {
				text += " by " + f.printer.text(o.By, maxError)
			}
			return text
		}
	}
	return "by hand or by the program, not by failures"
}

// ordered are the overrides that the fleet has ordered, nil for none.
func ordered(f *FleetState) resil.Overrides {
	if f != nil {
		for _, o := range f.Orders {
			if len(o.Overrides) > 0 {
				return o.Overrides
			}
		}
	}
	return nil
}
