package resilprom

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// A panel of the dashboard. The table below is what dashboard.json is written from.
type panel struct {
	title       string
	description string
	unit        string
	width       int  // of 24
	stat        bool // one number and not a graph
	stacked     bool
	max         float64 // of the axis; 0 for any
	queries     []query
}

type query struct{ expr, legend string }

const panelHeight = 8

// Of the variables, $job and $client may be several.
var panels = []panel{
	{title: "Breakers that refuse", width: 4, stat: true, unit: "none",
		description: "Breakers, or keys of them, that are open, half-open or forced open now, in all processes. Those that only observe do not count.",
		queries:     []query{{`sum(resil_breaker_status{job=~"$job",client=~"$client",mode="enforce",state=~"open|half-open|forced-open"})`, ""}}},
	{title: "Breakers that are not closed", width: 20, unit: "none", stacked: true,
		description: "How many breakers, or keys of them, are in each state but closed. The mode observe refuses nothing.",
		queries:     []query{{`sum by (client, breaker, state, mode) (resil_breaker_status{job=~"$job",client=~"$client",state!="closed"}) > 0`, "{{client}}: {{breaker}} {{state}} ({{mode}})"}}},
	{title: "Success", width: 12, unit: "percentunit", max: 1,
		description: "Share of the calls that succeeded, and of the attempts. What lies between is what the wrapper saves.",
		queries: []query{
			{`sum by (client) (rate(resil_client_calls_total{job=~"$job",client=~"$client",outcome="succeeded"}[$__rate_interval])) / sum by (client) (rate(resil_client_calls_total{job=~"$job",client=~"$client"}[$__rate_interval]))`, "{{client}}: calls"},
			{`sum by (client) (rate(resil_client_attempts_total{job=~"$job",client=~"$client",class="success"}[$__rate_interval])) / sum by (client) (rate(resil_client_attempts_total{job=~"$job",client=~"$client",class!="canceled"}[$__rate_interval]))`, "{{client}}: attempts"},
		}},
	{title: "Attempts per call", width: 12, unit: "none",
		description: "How much load a call makes. Above 1 retries and hedges add load; below 1 guards refuse calls.",
		queries:     []query{{`sum by (client) (rate(resil_client_attempts_total{job=~"$job",client=~"$client"}[$__rate_interval])) / sum by (client) (rate(resil_client_calls_total{job=~"$job",client=~"$client"}[$__rate_interval]))`, "{{client}}"}}},
	{title: "Calls by outcome", width: 12, unit: "cps", stacked: true,
		description: "Calls in a second, by how they ended.",
		queries:     []query{{`sum by (outcome) (rate(resil_client_calls_total{job=~"$job",client=~"$client"}[$__rate_interval])) > 0`, "{{outcome}}"}}},
	{title: "Durations", width: 12, unit: "s",
		description: "Of calls, with waits and retries, and of attempts. Needs the histograms.",
		queries: []query{
			{`histogram_quantile(0.5, sum by (le) (rate(resil_client_call_duration_seconds_bucket{job=~"$job",client=~"$client"}[$__rate_interval])))`, "calls, median"},
			{`histogram_quantile(0.99, sum by (le) (rate(resil_client_call_duration_seconds_bucket{job=~"$job",client=~"$client"}[$__rate_interval])))`, "calls, 99 %"},
			{`histogram_quantile(0.5, sum by (le) (rate(resil_client_attempt_duration_seconds_bucket{job=~"$job",client=~"$client"}[$__rate_interval])))`, "attempts, median"},
			{`histogram_quantile(0.99, sum by (le) (rate(resil_client_attempt_duration_seconds_bucket{job=~"$job",client=~"$client"}[$__rate_interval])))`, "attempts, 99 %"},
		}},
	{title: "Retries and hedges", width: 12, unit: "cps",
		description: "Attempts in a second that were added to the first ones, and what policies that only observe would have done.",
		queries: []query{
			{`sum by (client) (rate(resil_client_retries_total{job=~"$job",client=~"$client"}[$__rate_interval]))`, "{{client}}: retries"},
			{`sum by (client) (rate(resil_client_hedges_total{job=~"$job",client=~"$client"}[$__rate_interval])) > 0`, "{{client}}: hedges"},
			{`sum by (client, guard) (rate(resil_client_shadow_actions_total{job=~"$job",client=~"$client"}[$__rate_interval])) > 0`, "{{client}}: {{guard}} that only observes"},
		}},
	{title: "Retries that helped", width: 12, unit: "percentunit", max: 1,
		description: "Of the calls with retries, those that succeeded. Where it is low, retries are load without use. Needs the histograms.",
		queries:     []query{{`sum by (client) (rate(resil_client_retried_successes_total{job=~"$job",client=~"$client"}[$__rate_interval])) / sum by (client) (rate(resil_client_call_retries_count{job=~"$job",client=~"$client"}[$__rate_interval]))`, "{{client}}"}}},
	{title: "Refusals", width: 12, unit: "cps", stacked: true,
		description: "Calls in a second that a guard refused, and attempts that one which only observes would have refused.",
		queries: []query{
			{`sum by (client, outcome) (rate(resil_client_calls_total{job=~"$job",client=~"$client",outcome=~"open|limited|full"}[$__rate_interval])) > 0`, "{{client}}: {{outcome}}"},
			{`sum by (client, guard) (rate(resil_client_shadow_refusals_total{job=~"$job",client=~"$client"}[$__rate_interval])) > 0`, "{{client}}: {{guard}} would refuse"},
		}},
	{title: "Waiting", width: 12, unit: "none", stacked: true,
		description: "Attempts that wait for a limit or a bulkhead now.",
		queries: []query{
			{`sum by (client, limit) (resil_limit_waiting{job=~"$job",client=~"$client"})`, "{{client}}: limit {{limit}}"},
			{`sum by (client, bulkhead) (resil_bulkhead_waiting{job=~"$job",client=~"$client"})`, "{{client}}: bulkhead {{bulkhead}}"},
		}},
	{title: "Room", width: 12, unit: "percentunit", max: 1,
		description: "What is left of the retry budget, and how full bulkheads are, in the process where it is worst.",
		queries: []query{
			{`1 - max by (client) (resil_retry_budget_utilization_ratio{job=~"$job",client=~"$client"})`, "{{client}}: budget left"},
			{`max by (client, bulkhead) (resil_bulkhead_usage{job=~"$job",client=~"$client"} / resil_bulkhead_limit{job=~"$job",client=~"$client"})`, "{{client}}: bulkhead {{bulkhead}} used"},
		}},
	{title: "Keys", width: 12, unit: "none",
		description: "Of breakers that are kept by key: keys that are held, keys that are not closed, and calls in a second whose key found no place.",
		queries: []query{
			{`sum by (client, breaker) (resil_breaker_keys{job=~"$job",client=~"$client"})`, "{{client}}: {{breaker}} holds"},
			{`sum by (client, breaker) (resil_breaker_status{job=~"$job",client=~"$client",state!="closed"}) and sum by (client, breaker) (resil_breaker_keys{job=~"$job",client=~"$client"})`, "{{client}}: {{breaker}} not closed"},
			{`sum by (client, breaker) (rate(resil_breaker_overflows_total{job=~"$job",client=~"$client"}[$__rate_interval])) > 0`, "{{client}}: {{breaker}} without a place"},
		}},
	{title: "Fleets", width: 12, unit: "none",
		description: "Of clients with a fleet: processes that know of the store, those that go on without it, and how many the store has seen, by the process that knows of most.",
		queries: []query{
			{`sum by (client) (resil_fleet_status{job=~"$job",client=~"$client",state="connected"})`, "{{client}}: connected"},
			{`sum by (client) (resil_fleet_status{job=~"$job",client=~"$client",state="degraded"})`, "{{client}}: degraded"},
			{`max by (client) (resil_fleet_processes{job=~"$job",client=~"$client"})`, "{{client}}: processes known"},
		}},
	{title: "Asks of fleets", width: 12, unit: "cps",
		description: "Asks for tokens of limits that processes share, in a second. Those that are lost find no store.",
		queries:     []query{{`sum by (client, result) (rate(resil_fleet_lease_requests_total{job=~"$job",client=~"$client"}[$__rate_interval]))`, "{{client}}: {{result}}"}}},
}

// transitions are drawn across all panels.
var transitions = query{`sum by (job, client, breaker) (changes(resil_breaker_transitions_total{job=~"$job",client=~"$client",to="open"}[$__interval])) > 0`, "{{client}}: breaker {{breaker}} opened"}

// variables are the queries for the values of the variables, each of which narrows the next.
var variables = []struct{ name, label, query string }{
	{"job", "Job", `label_values(resil_client_calls_total, job)`},
	{"client", "Client", `label_values(resil_client_calls_total{job=~"$job"}, client)`},
}

type object = map[string]any

// source is the data source that the reader has chosen.
var source = object{"type": "prometheus", "uid": "${datasource}"}

// written is the text of dashboard.json.
func written(t *testing.T) []byte {
	t.Helper()
	list := []object{{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}}
	for _, v := range variables {
		list = append(list, object{
			"name": v.name, "label": v.label, "type": "query", "datasource": source, "query": v.query, "definition": v.query,
			"refresh": 2, "sort": 1, "multi": true, "includeAll": true, "allValue": ".*",
			"current": object{"text": []string{"All"}, "value": []string{"$__all"}},
		})
	}
	text, err := json.MarshalIndent(object{
		"uid": "resilgen", "title": "Resilience of clients", "tags": []string{"resilgen"}, "schemaVersion": 39, "version": 1,
		"description": "Retries, breakers and limits of the clients that resilgen guards.",
		"editable":    true, "graphTooltip": 1, "timezone": "browser", "refresh": "30s", "time": object{"from": "now-3h", "to": "now"},
		"templating": object{"list": list},
		"annotations": object{"list": []object{{
			"name": "Breakers open", "datasource": source, "enable": true, "iconColor": "red",
			"expr": transitions.expr, "step": "1m", "titleFormat": transitions.legend, "tagKeys": "job",
		}}},
		"panels": placed(),
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// placed puts the panels into rows of 24.
func placed() (list []object) {
	x, y := 0, 0
	for i, p := range panels {
		if x+p.width > 24 {
			x, y = 0, y+panelHeight
		}
		one := object{
			"id": i + 1, "title": p.title, "description": p.description, "datasource": source, "targets": p.targets(),
			"gridPos": object{"x": x, "y": y, "w": p.width, "h": panelHeight},
		}
		field := object{"unit": p.unit, "min": 0}
		if p.max > 0 {
			field["max"] = p.max
		}
		if p.stat {
			one["type"] = "stat"
			field["thresholds"] = object{"mode": "absolute", "steps": []object{{"color": "green", "value": nil}, {"color": "red", "value": 1}}}
			one["options"] = object{
				"colorMode": "background", "graphMode": "area", "justifyMode": "auto", "textMode": "value", "wideLayout": true, "orientation": "auto",
				"showPercentChange": false, "percentChangeColorMode": "standard",
				"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
			}
		} else {
			one["type"] = "timeseries"
			custom := object{"fillOpacity": 10, "showPoints": "never"}
			if p.stacked {
				custom = object{"fillOpacity": 30, "showPoints": "never", "stacking": object{"mode": "normal", "group": "A"}}
			}
			field["custom"] = custom
			one["options"] = object{
				"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}},
				"tooltip": object{"mode": "multi", "sort": "desc"},
			}
		}
		one["fieldConfig"] = object{"defaults": field, "overrides": []object{}}
		list = append(list, one)
		x += p.width
	}
	return list
}

func (p *panel) targets() (list []object) {
	for i, q := range p.queries {
		list = append(list, object{
			"refId": string(rune('A' + i)), "datasource": source, "editorMode": "code", "expr": q.expr, "legendFormat": q.legend, "range": true,
		})
	}
	return list
}

func TestDashboardIsWritten(t *testing.T) {
	want := written(t)
	if *update {
		if err := os.WriteFile("dashboard.json", want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, "dashboard.json"); got != string(want) {
		t.Error("dashboard.json is not what the panels say, which go test -update writes")
	}
}

// A classic is a dashboard as all versions of Grafana read it.
//
//lint:ignore SA1019 Grafana before 12 does not read what is to follow.
type classic = dashboard.Dashboard

// Grafana's own types read the dashboard, and know each field of it.
func TestDashboardHasGrafanasSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	var d classic
	text := read(t, "dashboard.json")
	if err := strict(&d, text); err != nil {
		t.Error(err)
	}
	for right, wrong := range map[string]string{`"showLegend"`: `"showLegends"`, `"stacking"`: `"stacks"`, `"legendFormat"`: `"legend"`, `"multi": true`: `"multi": 1`, `"targets"`: `"queries"`} {
		if err := strict(new(classic), strings.Replace(text, right, wrong, 1)); err == nil {
			t.Errorf("%s is not found to be wrong", wrong)
		}
	}
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
	if newest := dashboard.NewDashboard().SchemaVersion; d.SchemaVersion < 39 || d.SchemaVersion > newest {
		t.Errorf("schemaVersion %d, want one of 39 (Grafana 10.3) to %d", d.SchemaVersion, newest)
	}
}

// strict reads a dashboard. A field that is not known is an error.
func strict(d *classic, text string) error {
	err := d.UnmarshalJSONStrict([]byte(text))
	if problems, ok := errors.AsType[cog.BuildErrors](err); ok && len(problems) == 0 {
		return nil // what it returns where nothing is wrong
	}
	return err
}

func TestPanelsHaveAPlaceOfTheirOwn(t *testing.T) {
	var d struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	ids, taken := map[int]string{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if other, ok := ids[p.ID]; ok || p.ID == 0 {
			t.Errorf("%s has the id %d of %q", p.Title, p.ID, other)
		}
		ids[p.ID] = p.Title
		at := p.GridPos
		if at.W <= 0 || at.H <= 0 || at.X < 0 || at.X+at.W > 24 {
			t.Errorf("%s is beside the grid: %+v", p.Title, at)
		}
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other, ok := taken[[2]int{x, y}]; ok {
					t.Fatalf("%s covers %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	if len(d.Panels) < 10 {
		t.Errorf("%d panels", len(d.Panels))
	}
}
