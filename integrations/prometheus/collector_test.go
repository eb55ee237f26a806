package resilprom

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// gather compares what the collectors export with a golden file.
func gather(t *testing.T, golden string, collectors ...prometheus.Collector) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collectors...)
	golden = filepath.Join("testdata", golden)
	if *update {
		text, err := testutil.GatherAndFormat(registry, expfmt.TypeTextPlain, names()...)
		if err == nil {
			err = os.WriteFile(golden, text, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.Open(golden)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	if err := testutil.GatherAndCompare(registry, want); err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("lint: %s: %s", p.Metric, p.Text)
	}
}

func names() (list []string) {
	for _, m := range metric.List {
		list = append(list, m.Prometheus())
	}
	return list
}

func TestScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		_, m := newClient(t, []string{"retry 3 jitter=none", "breaker consecutive=5 ratio=off", "limit 100/s", "bulkhead 10 mode=observe"},
			resil.WithRegistry(&registry), resil.WithDurations())
		for range 20 {
			resil.Run(t.Context(), m, after(20*time.Millisecond))
		}
		resil.Run(t.Context(), m, fail)
		n := 0
		resil.Run(t.Context(), m, func(ctx context.Context) error {
			if n++; n == 1 {
				return errDown
			}
			return nil
		})
		resil.Run(t.Context(), m, func(context.Context) error { return resil.App(errors.New("not found")) })
		gather(t, "closed.txt", NewCollector(&registry))

		for range 2 {
			resil.Run(t.Context(), m, fail)
		}
		resil.Run(t.Context(), m, succeed)
		gather(t, "open.txt", NewCollector(&registry))
	})
}

func TestKeysAreCountedAndNeverShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		m := newKeyed(t, []string{"breaker consecutive=1 per=peer keys=3", "limit 100/s per=peer keys=2", "bulkhead 5 per=peer keys=4"},
			resil.WithRegistry(&registry), resil.WithDurations())
		for _, peer := range []string{"peer-1", "peer-2", "peer-3", "peer-4", "peer-5"} {
			f := succeed
			if peer == "peer-2" {
				f = fail
			}
			resil.Run(t.Context(), m.For(peer), f)
		}
		collector := NewCollector(&registry)
		gather(t, "keyed.txt", collector)
		text, err := testutil.CollectAndFormat(collector, expfmt.TypeTextPlain, names()...)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) == 0 || strings.Contains(string(text), "peer-") {
			t.Errorf("a key is in\n%s", text)
		}
	})
}

func TestWithoutMethod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get"}, {Name: "Put"}}},
			resil.WithRegistry(&registry), resil.WithDurations())
		if err != nil {
			t.Fatal(err)
		}
		resil.Run(t.Context(), c.Method("Get"), after(time.Second))
		resil.Run(t.Context(), c.Method("Put"), after(time.Millisecond))
		resil.Run(t.Context(), c.Method("Put"), fail)
		gather(t, "without_method.txt", NewCollector(&registry, WithoutMethod()))
	})
}

func TestHistogramsDoNotFallWhenOneOfSeveralIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		first, m := newClient(t, nil, resil.WithRegistry(&registry), resil.WithDurations())
		_, other := newClient(t, nil, resil.WithRegistry(&registry), resil.WithDurations())
		resil.Run(t.Context(), m, succeed)
		resil.Run(t.Context(), other, succeed)
		collector := NewCollector(&registry)
		const want = `resil_client_call_duration_seconds_count{client="Users",method="Get",outcome="succeeded"} 2`
		for _, when := range []string{"both", "the other"} {
			text, err := testutil.CollectAndFormat(collector, expfmt.TypeTextPlain, names()...)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: no %s in\n%s", when, want, text)
			}
			registry.Remove(first)
		}
	})
}

func TestClientsOfOneNameAreAddedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry resil.Registry
		var clients [2]*resil.Client
		for i := range clients {
			var m *resil.Method
			clients[i], m = newClient(t, []string{"breaker", "bulkhead 10"}, resil.WithRegistry(&registry))
			resil.Run(t.Context(), m, succeed)
			if i == 1 {
				resil.Run(t.Context(), m, succeed)
				resil.Run(t.Context(), m, fail)
			}
		}
		newClient(t, nil, resil.WithRegistry(&registry), resil.WithName("Users of \xff"))
		collector := NewCollector(&registry)
		gather(t, "same_name.txt", collector)
		for _, c := range registry.Clients() {
			registry.Remove(c)
		}
		if n := testutil.CollectAndCount(collector); n != 0 {
			t.Errorf("%d series of clients that are removed", n)
		}
	})
}

func TestRegistryWithoutClients(t *testing.T) {
	if n := testutil.CollectAndCount(NewCollector(nil)); n != 0 {
		t.Errorf("%d series", n)
	}
}
