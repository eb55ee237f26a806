package resilotel

import (
	"os/exec"
	"strings"
	"testing"
)

// A program chooses its own SDK, and does not get gRPC because of a test.
func TestThePackageNeedsOnlyTheAPI(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(out))
	if len(list) < 10 {
		t.Fatalf("go list prints %q", list)
	}
	for _, path := range list {
		switch {
		case strings.HasPrefix(path, "go.opentelemetry.io/otel/sdk"), strings.HasPrefix(path, "go.opentelemetry.io/contrib"),
			strings.HasPrefix(path, "google.golang.org"), strings.HasPrefix(path, "github.com/prometheus"):
			t.Errorf("it imports %s", path)
		}
	}
}
