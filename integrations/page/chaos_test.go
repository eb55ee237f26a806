package resilpage

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// Nobody is to look for a fault at night that is there on purpose.
func TestFaultsOnPurpose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := new(resil.Registry)
		newClient(t, registry, "Users", "breaker")
		client, err := resil.New(resil.Spec{Name: "Payments", Methods: []resil.MethodSpec{{Name: "Get"}}}, resil.WithRegistry(registry),
			resil.WithChaos(resil.Chaos{"*": {Errors: 100 * resil.Percent, Err: errors.New("<down> password=hunter2"), Always: true}}))
		if err != nil {
			t.Fatal(err)
		}
		var told audit
		page := newPage(t, registry, WithActions(ann), WithAudit(told.add))
		state(t, page, "")
		succeed(client.Method("Get"), 3)
		time.Sleep(time.Second)

		got := state(t, page, "")
		if strings.Join(got.Chaos, " ") != "Payments" || !got.Clients[0].Chaos || got.Clients[0].Methods[0].Faults != 3 {
			t.Errorf("%+v", got)
		}
		findings := got.Clients[0].Findings
		last := findings[len(findings)-1]
		// A password may hold a quotation mark, so that the one after it goes too.
		if last.Kind != "chaos" || last.Text != "faults are injected on purpose" || last.Why != `*: errors=100% err="<down> password=… always` ||
			last.Effect != "faults have met 3 attempts since the start" {
			t.Errorf("%+v", last)
		}
		html := get(page, "/").Body.String()
		if !strings.Contains(html, `<p id="chaos">Faults on purpose in Payments`) || strings.Contains(html, "hunter2") || strings.Contains(html, "<down>") {
			t.Error("the page does not say so, or too much")
		}

		c := got.Clients[0]
		if w := post(page, form("client", c.ID, "named", c.Name, "do", "stop-chaos")); w.Code != http.StatusSeeOther || told.last(t).String() != "stop the faults in Payments" {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		if got := state(t, page, ""); len(got.Chaos) != 0 || got.Clients[0].Chaos {
			t.Errorf("the faults go on: %v", got.Chaos)
		}
		if html := get(page, "/").Body.String(); strings.Contains(html, "id=\"chaos\"") {
			t.Error("the page still says so")
		}

		if err := client.SetChaos(nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := state(t, page, ""); len(got.Chaos) != 0 {
			t.Errorf("faults that only contexts bring are %v", got.Chaos)
		}
		if err := client.SetChaos(resil.Chaos{"Get": {Errors: resil.Percent}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		for _, c := range state(t, page, "").Clients {
			if c.Name == "Payments" && (len(c.Findings) != 1 || c.Findings[0].Text != "faults are injected on purpose into calls that ask for them") {
				t.Errorf("%+v", c.Findings)
			}
		}
	})
}
