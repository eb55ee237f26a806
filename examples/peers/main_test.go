package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReport(t *testing.T) {
	var out bytes.Buffer
	err := run(&out)
	t.Logf("%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"503, Accounts.Balance: circuit breaker is open, retry after ",
		"web may try again in ",
		"calls: 1, attempts: 3, retries: 2, saved by a retry: 1\n",
	} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("the output does not show %q", want)
		}
	}
}

func TestUnknownPeersGetNoBreaker(t *testing.T) {
	w := httptest.NewRecorder()
	newService(nil, nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/balance/alice", nil))
	if w.Code != http.StatusForbidden {
		t.Errorf("status %d, want %d", w.Code, http.StatusForbidden)
	}
}
