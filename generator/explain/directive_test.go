package explain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDirectivesAreWrittenAsShortAsTheyCanBe(t *testing.T) {
	for _, tt := range []struct{ written, want string }{
		{"timeout 2s attempt=500ms", "timeout 2s attempt=500ms"},
		{"timeout attempt=90s", "timeout attempt=1m30s"},
		{"retry", "retry 3"},
		{"retry attempts=3 initial=100ms max=30s factor=2 jitter=full on=infrastructure,throttled budget=20%", "retry 3"},
		{"retry 5 backoff=fibonacci factor=1.5 jitter=20% on=system budget=off", "retry 5 backoff=fibonacci factor=1.5 jitter=20% on=system budget=off"},
		{"breaker", "breaker"},
		{"breaker consecutive=off slow=off per=method", "breaker consecutive=off per=method"},
		{"limit 60/m burst=60", "limit 60/m"},
		{"limit rate=60/1m burst=10 mode=enforce", "limit 60/m burst=10"},
		{`bulkhead 4 per="f(a, b)" keys=10000`, `bulkhead 4 per="f(a, b)"`},
		{"bulkhead calls=4 per=peer keys=7 mode=observe", "bulkhead 4 per=peer keys=7 mode=observe"},
		{"hedge 50ms max=1", "hedge 50ms"},
		{"fallback", "fallback"},
		{"fallback cached", "fallback cached"},
		{"classify", "classify network"},
		{"classify a,b", "classify a,b"},
		{"idempotent", "idempotent"},
		{"idempotent token=in.Token", "idempotent token=in.Token"},
	} {
		p := policyOf(t, tt.written)
		got := directives(p)
		if len(got) != 1 || got[0].Text != tt.want {
			t.Errorf("%s: got %+v, want %s", tt.written, got, tt.want)
			continue
		}
		if diff := cmp.Diff(p, policyOf(t, got[0].Text)); diff != "" {
			t.Errorf("%s means something else than %s:\n%s", got[0].Text, tt.written, diff)
		}
	}
}
