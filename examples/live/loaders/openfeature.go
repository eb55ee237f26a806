package loaders

import (
	"context"
	"encoding/json"

	"github.com/open-feature/go-sdk/openfeature"

	resil "github.com/resilgen/resilgen/runtime"
)

// OpenFeature reads overrides from the flag resilience, which is an object. Do not apply
// what comes with an error: it is the default, which would take all overrides away whenever
// the flags cannot be read.
func OpenFeature(ctx context.Context, flags *openfeature.Client) (o resil.Overrides, err error) {
	object, err := flags.ObjectValue(ctx, "resilience", nil, openfeature.EvaluationContext{})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(object) // maps of any, as the provider has them
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &o)
	return o, err
}
