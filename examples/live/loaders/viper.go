package loaders

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/viper"

	resil "github.com/resilgen/resilgen/runtime"
)

// Viper reads overrides that stand, as JSON, in one string under the key resilience. As maps
// they cannot be had from viper: it writes all keys in lower case, and Users is not users.
func Viper(v *viper.Viper) (o resil.Overrides, err error) {
	text := v.GetString("resilience")
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return nil, fmt.Errorf("resilience: %w", err)
	}
	return o, nil
}
