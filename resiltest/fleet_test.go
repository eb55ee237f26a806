package resiltest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resilgen/resilgen/resiltest"
	resil "github.com/resilgen/resilgen/runtime"
)

func fleetClients(t *testing.T, f *resiltest.Fleet, n int) (clients []*resil.Client) {
	t.Helper()
	for range n {
		p, err := resil.ParsePolicies("limit 10/s scope=fleet", "breaker consecutive=1 ratio=off probes=1 scope=fleet")
		if err != nil {
			t.Fatal(err)
		}
		p.Limit.Name, p.Breaker.Name = "Users", "Users"
		c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get", Policies: p}}}, resil.WithFleet(f))
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	return clients
}

func get(t *testing.T, c *resil.Client, err error) error {
	return resil.Run(t.Context(), c.Method("Get"), func(context.Context) error { return err })
}

func TestFleetOfATest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := resiltest.NewFleet()
		clients := fleetClients(t, f, 3)
		state := func(i int) resil.State {
			synctest.Wait()
			return clients[i].Stats().Breaker("Users").State
		}
		n := 0
		for i := range 60 {
			if get(t, clients[i%3], nil) == nil {
				n++
			}
			synctest.Wait()
		}
		if n < 10 || n > 13 {
			t.Errorf("%d of 60 calls of three clients at once, want the burst of 10 and no more than one of each ahead", n)
		}
		time.Sleep(2 * time.Second)

		down := resil.Infra(errors.New("down"))
		get(t, clients[0], down)
		if s := state(2); s != resil.StateClosed {
			t.Errorf("when one is open, the others are %v", s)
		}
		get(t, clients[1], down)
		if s := state(2); s != resil.StateHalfOpen {
			t.Errorf("when two are open, the third is %v", s)
		}

		if err := clients[0].Order(t.Context(), resil.Order{Action: resil.ActionForceOpen, Breaker: "Users", For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		late := fleetClients(t, f, 1)[0]
		time.Sleep(30 * time.Second)
		if s := state(2); s != resil.StateForcedOpen || late.Stats().Breaker("Users").ForcedFor != 30*time.Second {
			t.Errorf("%v, and %v", s, late.Stats().Breaker("Users"))
		}
		time.Sleep(time.Minute)

		f.Lose()
		if s := late.Stats().Fleet; s.Status != resil.FleetDegraded || s.LastError != resiltest.ErrLost || s.Processes != 4 {
			t.Errorf("%+v", s)
		}
		if err := late.Order(t.Context(), resil.Order{Action: resil.ActionReset, Breaker: "Users"}); err != resiltest.ErrLost {
			t.Errorf("an order to a fleet that is lost: %v", err)
		}
		f.Find()
		if s := late.Stats().Fleet.Status; s != resil.FleetConnected {
			t.Errorf("found, and %v", s)
		}
		time.Sleep(time.Second)
	})
}
