package main

import (
	"fmt"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// One backend is killed under load. The page, the alert and the traces name it and no other,
// and all is well again when it is back.
func TestAKilledBackendIsSeen(t *testing.T) {
	s := newStage(t)
	s.switches("payments", "kill")

	s.page.says("Payments is down; 2 are well")
	worst := `document.querySelector(".client").innerText`
	s.page.until(`/^Payments\s+down/i.test(` + worst + `)`)
	s.page.until(`/Circuit breaker (open|half-open)/.test(` + worst + `)`)
	s.page.until(`/Last error: .*connection refused/.test(` + worst + `)`)

	s.finds(`ALERTS{alertname="ResilBreakerOpen",alertstate="firing"}`, "Payments")
	s.holds(`count_over_time(ALERTS{alertname="ResilBreakerOpen",alertstate="pending"}[5m])`)
	s.page.until(`/\d calls? not sent/.test(` + worst + `)`)
	s.page.picture("production.png")
	s.seesAttempts("Payments.Charge")

	s.switches("payments", "restore")
	s.page.says("All 3 clients are well")
	s.holds(`absent(ALERTS{alertname="ResilBreakerOpen"})`)
	s.finds(`resil_breaker_status{state="closed"} > 0`, "Catalog", "Payments", "Stock")
	s.finds(`rate(resil_client_calls_total{client="Payments",outcome="succeeded"}[5s]) > 50`, "Payments")
	if n := s.counts(`count(count_over_time(ALERTS{client!="Payments"}[5m]))`); n != "0" {
		t.Errorf("there were %s alerts for others", n)
	}
}

// seesAttempts waits for a trace of an order that has all attempts of a call, each a child of
// the order's span.
func (s *stage) seesAttempts(method string) {
	s.t.Helper()
	want := "[1 infrastructure 2 infrastructure 3 infrastructure] exhausted"
	seen := map[string]bool{}
	eventually(s.t, "a trace has the attempts "+want, func() bool {
		if err := s.program.telemetry.traces.ForceFlush(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		spans := s.spans.GetSpans()
		for _, parent := range spans {
			if parent.Name == "POST /orders" {
				seen[fmt.Sprint(attemptsUnder(parent, spans, method), " ", attribute(parent, "resil.outcome"))] = true
			}
		}
		return seen[want]
	}, func() string { return fmt.Sprint(seen) })
}

// attemptsUnder lists the attempts of a method beneath a span: number and class of each.
func attemptsUnder(parent tracetest.SpanStub, spans tracetest.SpanStubs, method string) (list []string) {
	for _, span := range spans {
		if span.Name == "attempt "+method && span.Parent.Equal(parent.SpanContext) {
			list = append(list, attribute(span, "resil.attempt")+" "+attribute(span, "resil.class"))
		}
	}
	slices.Sort(list)
	return list
}

// attribute is the value of an attribute, or "".
func attribute(span tracetest.SpanStub, key string) string {
	for _, a := range span.Attributes {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}
