package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPackageTypeAndFieldOfAClient(t *testing.T) {
	for from, want := range map[string][3]string{
		"database/sql.DB":                           {"database/sql", "DB", ""},
		"github.com/nats-io/nats.go.Conn":           {"github.com/nats-io/nats.go", "Conn", ""},
		"github.com/stripe/stripe-go/v82.Client.V1": {"github.com/stripe/stripe-go/v82", "Client", "V1"},
	} {
		path, name, field := client{from: from}.split()
		if got := [3]string{path, name, field}; got != want {
			t.Errorf("%s is %q, want %q", from, got, want)
		}
	}
}

func TestNamesOfClientsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range clients {
		if seen[c.name] {
			t.Errorf("two clients are called %s", c.name)
		}
		seen[c.name] = true
	}
}

// The clients of the standard library need no modules. The others take longer: make corpus.
func TestTableOfTheStandardLibrary(t *testing.T) {
	t.Chdir("..")
	chosen := slices.DeleteFunc(slices.Clone(clients), func(c client) bool {
		return !strings.HasPrefix(c.from, "database/sql.") && !strings.HasPrefix(c.from, "net/http.")
	})
	got, err := wrap(t.Context(), t.TempDir(), chosen)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "clients.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chosen {
		if part := partOf(got, c.name); part == "" || part != partOf(want, c.name) {
			t.Errorf("the part of %s in %s is old; run: go run ./clients -update\n%s", c.name, golden, part)
		}
	}
}

// partOf returns the part of a table that is about a client.
func partOf(table []byte, name string) string {
	for part := range strings.SplitSeq(string(table), "\n## ") {
		if strings.HasPrefix(part, name+"\n") {
			return strings.TrimSpace(part)
		}
	}
	return ""
}
