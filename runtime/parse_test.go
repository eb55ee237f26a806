package resil

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDirectivesGiveThePoliciesOfGeneratedCode(t *testing.T) {
	got, err := ParsePolicies("timeout 5s attempt=1s", "//resil:retry 4 max=2s", "limit 10/s", "limit burst=3", "bulkhead 5", "bulkhead off")
	if err != nil {
		t.Fatal(err)
	}
	want := Policies{
		Timeout: &Timeout{Total: 5 * time.Second, Attempt: time.Second},
		Retry: &Retry{
			Attempts: 4,
			Backoff:  BackoffExponential,
			Initial:  100 * time.Millisecond,
			Max:      2 * time.Second,
			Factor:   2,
			Jitter:   JitterFull,
			On:       []Class{Infrastructure, Throttled},
			Budget:   20 * Percent,
		},
		Limit: &Limit{Rate: Rate{Count: 10, Per: time.Second}, Burst: 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}

func TestWrongDirectiveSaysWhatToWrite(t *testing.T) {
	for text, want := range map[string]string{
		"retri 3":      `resil: retri 3: unknown directive "retri"; did you mean "retry"?`,
		"retry x=1":    `resil: retry x=1: unknown key "x"; write attempts, backoff, budget, factor, initial, jitter, max, mode or on`,
		"retry 0":      `resil: retry 0: attempts: "0": write 1 or more`,
		"timeout \"2s": `resil: timeout "2s: this quoted value does not end; close the quote`,
	} {
		if p, err := ParsePolicies("breaker", text); err == nil || err.Error() != want || p != (Policies{}) {
			t.Errorf("%s: %+v, %v; want none, and %s", text, p, err, want)
		}
	}
}
