package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

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
	for k := range profiles {
		p := &profiles[k]
		names := []*string{&p.Client, &p.Interface}
		for n := range p.Methods {
			names = append(names, &p.Methods[n].Name)
		}
		for n := range p.Guards {
			names = append(names, &p.Guards[n].Kind, &p.Guards[n].Name)
		}
		for _, name := range names {
			*name = strings.Map(printable, *name)
		}
		errs = append(errs, p.Check())
	}
	return profiles, errors.Join(errs...)
}

// printable replaces what would act on a terminal.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return unicode.ReplacementChar
	}
	return r
}
