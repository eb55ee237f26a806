package metric

import (
	"context"
	"errors"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// A fleet is one whose store the test plays.
type fleet struct{ member *resil.Member }

func (f *fleet) Join(m *resil.Member) error                     { f.member = m; return nil }
func (f *fleet) Ask(a *resil.Ask)                               {}
func (f *fleet) Report(*resil.Member, resil.Suspicion)          {}
func (f *fleet) Order(context.Context, resil.Order) (err error) { return nil }

// One of the states is 1, and the processes are not added up.
func TestFleet(t *testing.T) {
	var registry resil.Registry
	own, same := new(fleet), new(fleet)
	for _, f := range []*fleet{own, same} {
		newClient(t, []string{"limit 10/s"}, resil.WithRegistry(&registry), resil.WithFleet(f))
	}
	newClient(t, nil, resil.WithRegistry(&registry), resil.WithName("Alone"))
	check := func(joining, connected, degraded float64) {
		t.Helper()
		samples := View{}.Read(&registry)
		for state, want := range map[string]float64{"joining": joining, "connected": connected, "degraded": degraded} {
			if got := value(t, samples, FleetStatus, "Users", state); got != want {
				t.Errorf("%s is %v, want %v", state, got, want)
			}
		}
		for _, s := range samples {
			if s.Values[0] == "Alone" && (s.ID == FleetStatus || s.ID == FleetProcesses || s.ID == FleetRequests) {
				t.Errorf("a client without a fleet has %s", List[s.ID].Name)
			}
		}
	}
	check(2, 0, 0)
	for _, f := range []*fleet{own, same} {
		if err := f.member.Update(resil.FleetState{Processes: 5}); err != nil {
			t.Fatal(err)
		}
	}
	check(0, 2, 0)
	if got := value(t, View{}.Read(&registry), FleetProcesses, "Users"); got != 5 {
		t.Errorf("%v processes, want 5", got)
	}
	own.member.Lost(errors.New("gone"))
	check(0, 1, 1)
}

func TestFleetRequests(t *testing.T) {
	r := newReading(View{})
	r.fleet("Users", resil.FleetStats{Status: resil.FleetConnected, Asks: 7, AsksLost: 3})
	for result, want := range map[string]float64{"answered": 7, "lost": 3} {
		if got := value(t, r.samples, FleetRequests, "Users", result); got != want {
			t.Errorf("%s: %v, want %v", result, got, want)
		}
	}
}
