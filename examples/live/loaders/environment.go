package loaders

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	resil "github.com/resilgen/resilgen/runtime"
)

// Environment reads overrides from a variable that holds JSON, such as
//
//	RESILIENCE='{"Users": {"timeout": "3s"}}'
//
// A variable that is not set, or empty, means none.
func Environment(variable string) (o resil.Overrides, err error) {
	text := os.Getenv(variable)
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return o, nil
}
