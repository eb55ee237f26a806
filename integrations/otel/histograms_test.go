package resilotel

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	list "github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestHistograms(t *testing.T) {
	reader, to := newReader(t)
	histograms, err := NewHistograms(to)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		_, m := newClient(t, []string{"retry 3 initial=100ms jitter=none"}, resil.WithObserver(histograms.Observe))
		resil.Run(t.Context(), m, answers(20*time.Millisecond, errDown, errDown, nil))
		resil.Run(t.Context(), m, answers(20*time.Millisecond, resil.App(errors.New("not found"))))
	})
	metrics := collect(t, reader)
	got := series(metrics)
	for of, want := range map[string]float64{
		"resil.client.call.duration resil.client=Users,resil.method=Get,resil.outcome=succeeded":                1,
		"resil.client.call.duration error.type=failed,resil.client=Users,resil.method=Get,resil.outcome=failed": 1,
		"resil.client.attempt.duration resil.class=infrastructure,resil.client=Users,resil.method=Get":          2,
		"resil.client.attempt.duration resil.class=success,resil.client=Users,resil.method=Get":                 1,
		"resil.client.attempt.duration resil.class=application,resil.client=Users,resil.method=Get":             1,
		"resil.client.call.retries resil.client=Users,resil.method=Get,resil.outcome=succeeded":                 2,
	} {
		if n, ok := got[of]; !ok || n != want {
			t.Errorf("%s: got %v, %t, want %v", of, n, ok, want)
		}
		delete(got, of)
	}
	if len(got) > 0 {
		t.Errorf("more series: %v", got)
	}
	for _, m := range metrics {
		var bounds []float64
		switch data := m.Data.(type) {
		case metricdata.Histogram[int64]:
			bounds = data.DataPoints[0].Bounds
		case metricdata.Histogram[float64]:
			bounds = data.DataPoints[0].Bounds
			for _, p := range data.DataPoints {
				if m.Name == "resil.client.call.duration" && p.Attributes.Len() == 3 && p.Sum != .36 {
					t.Errorf("the call took %v s, want 0.36", p.Sum)
				}
			}
		}
		i := slices.IndexFunc(list.List[:], func(l list.Metric) bool { return l.Name == m.Name })
		if want := list.List[i].Bounds; !slices.Equal(bounds, want) {
			t.Errorf("%s has the bounds %v, want %v", m.Name, bounds, want)
		}
	}
}

// From a slow bucket there is a way to the trace of a call.
func TestDurationsHaveTheTraceAsExemplar(t *testing.T) {
	reader, to := newReader(t)
	histograms, err := NewHistograms(to)
	if err != nil {
		t.Fatal(err)
	}
	_, m := newClient(t, nil, resil.WithObserver(histograms.Observe))
	ctx, span := sdktrace.NewTracerProvider().Tracer("test").Start(t.Context(), "handler")
	resil.Run(ctx, m, succeed)
	span.End()
	id := span.SpanContext().TraceID()
	exemplars := 0
	for _, m := range collect(t, reader) {
		for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
			for _, e := range p.Exemplars {
				if exemplars++; !slices.Equal(e.TraceID, id[:]) {
					t.Errorf("%s has an exemplar of trace %x, want %s", m.Name, e.TraceID, id)
				}
			}
		}
	}
	if exemplars != 2 {
		t.Errorf("%d exemplars, want 2", exemplars)
	}
}
