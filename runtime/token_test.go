package resil_test

import (
	"regexp"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestTokensAreRandomUUIDs(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 1000 {
		token := resil.Token()
		if !uuid.MatchString(token) {
			t.Fatalf("%q is no UUID of version 4", token)
		}
		if seen[token] {
			t.Fatalf("%s came twice", token)
		}
		seen[token] = true
	}
	if n := testing.AllocsPerRun(100, func() { resil.Token() }); n > tokenAllocations {
		t.Errorf("a token takes %v allocations, want %d at most", n, tokenAllocations)
	}
}
