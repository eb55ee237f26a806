package explain

import (
	"encoding/json"
	"errors"
	"fmt"

	resil "github.com/resilgen/resilgen/runtime"
)

// ReadProfiles reads what running clients have seen: the JSON of one [resil.Profile], or
// an object with a list of them under the key profiles, beside which anything may stand.
func ReadProfiles(text []byte) ([]resil.ProfileSnapshot, error) {
	var several struct {
		Profiles []resil.ProfileSnapshot `json:"profiles"`
	}
	if err := json.Unmarshal(text, &several); err != nil {
		return nil, fmt.Errorf("not a profile, nor an object with a list of profiles: %w", err)
	}
	profiles := several.Profiles
	if profiles == nil {
		profiles = make([]resil.ProfileSnapshot, 1)
		if err := json.Unmarshal(text, &profiles[0]); err != nil {
			return nil, err
		}
	}
	var errs []error
	for _, p := range profiles {
		errs = append(errs, p.Check())
	}
	return profiles, errors.Join(errs...)
}
