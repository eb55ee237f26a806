package resilotel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	list "github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// Register exports the statistics of the clients that registry lists, now and later. They
// are read when metrics are collected, so that calls pay nothing. Unregister of the result
// ends that.
//
// Clients with the same name are one: their series are added up, and shares are those of
// the sums. What a removed one has counted stays in the sums as long as another has its name.
// Options: [WithMeterProvider], [WithoutMethod].
func Register(registry *resil.Registry, opts ...Option) (metric.Registration, error) {
	o := newOptions(opts)
	meter := o.meter()
	var instruments [list.Statistics]instrument
	all := make([]metric.Observable, len(instruments))
	for id := range list.Statistics {
		i, err := newInstrument(meter, &list.List[id])
		if err != nil {
			return nil, err
		}
		instruments[id], all[id] = i, i.observable()
	}
	reader := list.NewReader(o.view)
	return meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		for _, s := range reader.Read(registry) {
			set := attribute.NewSet(attributes(o.view.Attributes(s.ID), s.Values)...)
			instruments[s.ID].observe(observer, s.Value(), metric.WithAttributeSet(set))
		}
		return nil
	}, all...)
}

// An instrument is of one of two kinds: whole numbers or shares.
type instrument struct {
	numbers metric.Int64Observable
	shares  metric.Float64Observable
}

func newInstrument(meter metric.Meter, m *list.Metric) (i instrument, err error) {
	unit, help := metric.WithUnit(m.Unit), metric.WithDescription(m.Help)
	switch m.Kind {
	case list.Counter:
		i.numbers, err = meter.Int64ObservableCounter(m.Name, unit, help)
	case list.UpDownCounter:
		i.numbers, err = meter.Int64ObservableUpDownCounter(m.Name, unit, help)
	default:
		i.shares, err = meter.Float64ObservableGauge(m.Name, unit, help)
	}
	return i, err
}

func (i instrument) observable() metric.Observable {
	if i.shares != nil {
		return i.shares
	}
	return i.numbers
}

func (i instrument) observe(o metric.Observer, value float64, set metric.ObserveOption) {
	if i.shares != nil {
		o.ObserveFloat64(i.shares, value, set)
	} else {
		o.ObserveInt64(i.numbers, int64(value), set)
	}
}
