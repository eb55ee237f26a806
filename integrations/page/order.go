package resilpage

import (
	"context"
	"net/http"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// orderTime is how long an order may take until the store of the fleet has it.
const orderTime = 3 * time.Second

// where reads from a form where an action is to be done.
func where(r *http.Request, client *resil.Client, a *Action) error {
	switch text := r.PostFormValue("where"); text {
	case "", "process":
		return nil
	case "fleet":
		a.Fleet = true
	default:
		return refuse(http.StatusBadRequest, "There is no place %q: write process or fleet.", shorten(text, 20))
	}
	if client.Stats().Fleet.Status == resil.FleetNone {
		return refuse(http.StatusBadRequest, "%s belongs to no fleet: this process alone can do it.", a.Client)
	}
	if a.Do == "stop-chaos" {
		return refuse(http.StatusBadRequest, "Faults are stopped in each process by itself.")
	}
	return nil
}

// order has all processes of the client's fleet do what an action wants.
func (p *Page) order(r *http.Request, client *resil.Client, a *Action, key any, length time.Duration) error {
	o := resil.Order{Breaker: a.Breaker, For: length, Overrides: a.Overrides, By: a.Who}
	if a.Reason != "" {
		o.By += ", “" + a.Reason + "”"
	}
	switch a.Do {
	case "force-open":
		o.Action = resil.ActionForceOpen
	case "force-close":
		o.Action = resil.ActionForceClose
	case "reset":
		o.Action = resil.ActionReset
	case "apply", "drop":
		o.Action = resil.ActionApply
	}
	if key != nil {
		text, why := p.printer.keyText(key)
		if why != "" {
			return refuse(http.StatusConflict, "Other processes know a key by its text, and %T %s.", key, why)
		}
		o.Key = text
	}
	ctx, cancel := context.WithTimeout(r.Context(), orderTime)
	defer cancel()
	if err := client.Order(ctx, o); err != nil {
		return refuse(http.StatusBadGateway, "Nothing was ordered. %s", p.printer.error(err))
	}
	return nil
}

// orderedOverrides are those that the client's fleet has ordered, nil for none.
func orderedOverrides(client *resil.Client) resil.Overrides {
	for _, o := range client.Stats().Fleet.Orders {
		if o.Action == resil.ActionApply {
			return o.Overrides
		}
	}
	return nil
}
