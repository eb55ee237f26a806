package annotations

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/internal/directive"
)

func TestOverruled(t *testing.T) {
	for _, tt := range []struct {
		directive string
		want      []string
	}{
		{"retry", nil},
		{"retry backoff=constant", []string{"retry.factor by retry.backoff"}},
		{"retry jitter=decorrelated", []string{"retry.backoff by retry.jitter", "retry.factor by retry.jitter"}},
		{"retry 1", []string{"retry.backoff by retry.attempts", "retry.initial by retry.attempts", "retry.max by retry.attempts",
			"retry.factor by retry.attempts", "retry.jitter by retry.attempts", "retry.on by retry.attempts"}},
		{"breaker", nil},
		{"breaker ratio=off", []string{"breaker.min by breaker.ratio"}},
	} {
		var p Policy
		name, args, _ := strings.Cut(tt.directive, " ")
		words, _ := directive.Words(args)
		directive.Refine(&p, name, words)
		var got []string
		for by, problem := range p.overruled {
			got = append(got, problem.Field+" by "+by)
			if problem.Code != directive.CodeEffect || problem.Message == "" {
				t.Errorf("%s: %+v says too little", tt.directive, problem)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.directive, diff)
		}
	}
}

// The tags are the only description of the language, so each must be complete.
func TestEveryKeyIsDescribed(t *testing.T) {
	for _, r := range References() {
		for _, k := range r.Keys {
			if k.Help == "" {
				t.Errorf("%s.%s has no help", r.Name, k.Name)
			}
			values := []string{k.Default}
			if strings.HasSuffix(k.Values, ", or off") {
				values = append(values, "off")
			}
			for _, value := range values {
				if value == "" {
					continue
				}
				_, problems := directive.Refine(new(language), r.Name, []directive.Word{{Key: k.Name, Value: value}})
				for _, p := range problems {
					t.Errorf("%s %s=%s: %v", r.Name, k.Name, value, p)
				}
			}
		}
	}
}
