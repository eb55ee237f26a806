package resilhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	resilhttp "github.com/resilgen/resilgen/integrations/http"
	resil "github.com/resilgen/resilgen/runtime"
)

type order struct{ ID string }

// orders is a client of another service, guarded by a wrapper, whose breaker is open.
var orders ordersClient

type ordersClient struct{}

func (ordersClient) Get(ctx context.Context, id string) (*order, error) {
	return nil, &resil.Error{Method: "Orders.Get", Reason: resil.ErrOpen}
}

func ExampleNewTransport() {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		io.WriteString(w, "hello")
	}))
	defer server.Close()

	transport, err := resilhttp.NewTransport(http.DefaultTransport)
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: transport}

	resp, err := client.Get(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	client.CloseIdleConnections()
	fmt.Printf("%s after %d calls\n", body, calls)
	// Output: hello after 2 calls
}

func ExampleNewTransport_overrides() {
	transport, err := resilhttp.NewTransport(http.DefaultTransport, resil.WithOverrides(resil.Overrides{
		"RoundTripper": {"retry": "attempts=5", "timeout": "10s attempt=2s"},
	}))
	fmt.Println(transport.Resilience() != nil, err)
	// Output: true <nil>
}

func ExampleHandlerFunc() {
	http.Handle("/orders", resilhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		order, err := orders.Get(r.Context(), r.URL.Query().Get("id"))
		if err != nil {
			return err // a refusal is answered; any other error is a 500 without details
		}
		return json.NewEncoder(w).Encode(order)
	}))

	answer := httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(answer, httptest.NewRequest("GET", "/orders?id=1", nil))
	fmt.Println(answer.Code)
	// Output: 503
}

// What the README shows is part of the examples above.
func TestReadmeShowsTheExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	plain := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	blocks := strings.Split(string(readme), "```go\n")[1:]
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if !strings.Contains(plain(string(examples)), plain(code)) {
			t.Errorf("no example has this code of the README:\n%s", code)
		}
	}
	if len(blocks) < 3 {
		t.Errorf("%d blocks of Go in the README", len(blocks))
	}
}
