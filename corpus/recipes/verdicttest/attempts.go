package verdicttest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/resilgen/resilgen/generator"
)

// Attempts checks how often a library makes a call by itself, as its recipe says: with its
// own settings, and once with what stops it. Make makes a call that fails, and returns how
// often the library has made it.
func Attempts(t *testing.T, library string, make func(stopped bool) int) {
	t.Helper()
	all := generator.Libraries()
	i := slices.IndexFunc(all, func(l generator.Library) bool { return l.Name == library })
	if i < 0 {
		t.Fatalf("there is no recipe of %s", library)
	}
	if got := make(false); got != all[i].Attempts {
		t.Errorf("%d calls, want %d", got, all[i].Attempts)
	}
	if got := make(true); got != 1 {
		t.Errorf("%d calls with %q, want one", got, all[i].Switch)
	}
}

// Calls is Attempts for libraries that speak HTTP. Make makes a call of a server that
// answers with a status.
func Calls(t *testing.T, library string, status int, make func(address string, stopped bool)) {
	t.Helper()
	Attempts(t, library, func(stopped bool) int {
		var calls atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			w.WriteHeader(status)
		}))
		defer server.Close()
		make(server.URL, stopped)
		return int(calls.Load())
	})
}
