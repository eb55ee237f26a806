package resilprom_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	resilprom "github.com/resilgen/resilgen/integrations/prometheus"
	resil "github.com/resilgen/resilgen/runtime"
)

func Example() {
	clients := new(resil.Registry)
	metrics := prometheus.NewRegistry() // a program may take prometheus.DefaultRegisterer
	metrics.MustRegister(resilprom.NewCollector(clients))

	// What a generated constructor does with its options.
	users, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get"}}},
		resil.WithRegistry(clients), resil.WithDurations())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, err := range []error{nil, nil, errors.New("not found")} {
		resil.Run(context.Background(), users.Method("Get"), func(context.Context) error { return err })
	}

	page := httptest.NewRecorder()
	promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	text, err := io.ReadAll(page.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, `calls_total{`) && !strings.HasSuffix(line, " 0\n") {
			fmt.Print(line)
		}
	}
	// Output:
	// resil_client_calls_total{client="Users",method="Get",outcome="failed"} 1
	// resil_client_calls_total{client="Users",method="Get",outcome="succeeded"} 2
}
