package resil

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// UnmarshalJSON reads overrides, and refuses them where a name stands twice: of two texts
// for one thing, only the last would count.
func (o *Overrides) UnmarshalJSON(text []byte) error {
	type plain Overrides // without this method
	var read plain
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	if name := nameTwice(text); name != "" {
		return fmt.Errorf("overrides: %q stands twice in one object; keep one", name)
	}
	*o = Overrides(read)
	return nil
}

// nameTwice returns a name that an object in a valid JSON text has twice, "" for none.
func nameTwice(text []byte) string {
	type object struct {
		names  map[string]bool // nil for a list
		inside bool            // a name has come, and its value has not
	}
	var open []object
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		last := len(open) - 1
		switch delim, _ := token.(json.Delim); {
		case delim == '}' || delim == ']':
			open = open[:last]
			continue
		case last >= 0 && open[last].names != nil && !open[last].inside:
			name := token.(string)
			if open[last].names[name] {
				return name
			}
			open[last].names[name], open[last].inside = true, true
			continue
		case delim == '{':
			open = append(open, object{names: map[string]bool{}})
		case delim == '[':
			open = append(open, object{})
		}
		if last >= 0 {
			open[last].inside = false
		}
	}
}
