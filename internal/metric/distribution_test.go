package metric

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	resil "github.com/resilgen/resilgen/runtime"
)

// waits is an attempt that takes so long and ends with err.
func waits(d time.Duration, err error) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return err }
}

func TestBucketsHoldTheirBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		for range 2 { // of one name
			c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get"}}}, resil.WithRegistry(&registry), resil.WithDurations())
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []time.Duration{0, time.Millisecond, time.Millisecond + 1, 10 * time.Second, 10*time.Second + 1, time.Hour} {
				resil.Run(t.Context(), c.Method("Get"), waits(d, nil))
			}
		}
		if _, err := resil.New(resil.Spec{Name: "Other", Methods: []resil.MethodSpec{{Name: "Get"}}}, resil.WithRegistry(&registry)); err != nil {
			t.Fatal(err)
		}
		below := map[float64]uint64{.001: 4, .005: 6, .01: 6, .025: 6, .05: 6, .1: 6, .25: 6, .5: 6, 1: 6, 2.5: 6, 5: 6, 10: 8}
		want := []*Distribution{
			{ID: CallDuration, Values: []string{"Users", "Get", "succeeded"}, Count: 12, Sum: 2 * 3620.002000002, Below: below},
			{ID: AttemptDuration, Values: []string{"Users", "Get", "success"}, Count: 12, Sum: 2 * 3620.002000002, Below: below},
		}
		if diff := cmp.Diff(want, NewReader(View{}).Distributions(&registry)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRetriesByTheirNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		policies, err := resil.ParsePolicies("retry 9 initial=1ms budget=off")
		if err != nil {
			t.Fatal(err)
		}
		c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get", Policies: policies}, {Name: "List", Policies: policies}}},
			resil.WithRegistry(&registry), resil.WithDurations())
		if err != nil {
			t.Fatal(err)
		}
		for i, failures := range []int{0, 1, 2, 7} {
			method := c.Method([]string{"Get", "List"}[i%2])
			resil.Run(t.Context(), method, func(context.Context) error {
				if failures--; failures >= 0 {
					return resil.Infra(errors.New("down"))
				}
				return nil
			})
		}
		list := NewReader(View{WithoutMethod: true}).Distributions(&registry)
		i := slices.IndexFunc(list, func(d *Distribution) bool { return d.ID == CallRetries })
		want := &Distribution{ID: CallRetries, Values: []string{"Users", "succeeded"}, Count: 3, Sum: 10, Below: map[float64]uint64{1: 1, 2: 2, 3: 2, 4: 2, 5: 2}}
		if diff := cmp.Diff(want, list[i]); diff != "" {
			t.Error(diff)
		}
	})
}

// A bound that is none of a recorded bucket would count what is longer.
func TestBoundsAreThoseOfRecordedBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get"}}}, resil.WithRegistry(&registry), resil.WithDurations())
		if err != nil {
			t.Fatal(err)
		}
		bounds := List[CallDuration].Bounds
		for _, bound := range bounds {
			at := time.Duration(bound * float64(time.Second))
			resil.Run(t.Context(), c.Method("Get"), waits(at, nil))
			resil.Run(t.Context(), c.Method("Get"), waits(at+1, nil))
		}
		got := NewReader(View{}).Distributions(&registry)[0].Below
		want := map[float64]uint64{}
		for i, bound := range bounds {
			want[bound] = uint64(2*i + 1)
		}
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
