package loaders

import (
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	resil "github.com/resilgen/resilgen/runtime"
)

// Koanf reads the overrides that stand under the key resilience of a YAML file. The
// delimiter must not occur in names, and "." occurs in Users.Get. What is loaded into an
// instance is added to what it has: take a new one for each reading, or overrides that are
// gone from the file stay in force.
func Koanf(path string) (o resil.Overrides, err error) {
	k := koanf.New("/")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return nil, err
	}
	err = k.Unmarshal("resilience", &o)
	return o, err
}
