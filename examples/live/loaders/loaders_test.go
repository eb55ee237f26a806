package loaders

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"
	"github.com/spf13/viper"

	resil "github.com/resilgen/resilgen/runtime"
)

// want has what loaders get wrong most easily: names with dots, capitals and brackets.
var want = resil.Overrides{
	"Users":       {"timeout": "3s", "retry": "5"},
	"Users.Get":   {"retry": "attempts=2 max=1s"},
	"Users[Get*]": {"breaker": "open=5s"},
}

const inJSON = `{
	"Users": {"timeout": "3s", "retry": "5"},
	"Users.Get": {"retry": "attempts=2 max=1s"},
	"Users[Get*]": {"breaker": "open=5s"}
}`

const inYAML = `
address: localhost
resilience:
  Users:
    timeout: 3s
    retry: 5
  Users.Get:
    retry: attempts=2 max=1s
  Users[Get*]:
    breaker: open=5s
`

func check(t *testing.T, o resil.Overrides, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func write(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEnvironment(t *testing.T) {
	t.Setenv("RESILIENCE", inJSON)
	o, err := Environment("RESILIENCE")
	check(t, o, err)
	t.Setenv("RESILIENCE", "timeout=3s")
	if o, err := Environment("RESILIENCE"); err == nil || o != nil {
		t.Errorf("of what is no JSON come %v, %v", o, err)
	}
	t.Setenv("RESILIENCE", "")
	if o, err := Environment("RESILIENCE"); err != nil || o != nil {
		t.Errorf("of an empty variable come %v, %v", o, err)
	}
}

func TestKoanf(t *testing.T) {
	path := write(t, inYAML)
	o, err := Koanf(path)
	check(t, o, err)
	if err := os.WriteFile(path, []byte("address: localhost\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if o, err := Koanf(path); err != nil || len(o) > 0 {
		t.Errorf("overrides that are gone from the file are %v, %v", o, err)
	}
}

// TestKoanfTakesNoOtherShape reads what is a level too deep.
func TestKoanfTakesNoOtherShape(t *testing.T) {
	o, err := Koanf(write(t, "resilience:\n  Users:\n    breaker:\n      open: 5s\n"))
	if err == nil {
		t.Errorf("%v has no error", o)
	}
}

func TestViper(t *testing.T) {
	v := viper.New()
	v.SetConfigType("yaml")
	text := "resilience: |\n  " + strings.ReplaceAll(inJSON, "\n", "\n  ")
	text = strings.ReplaceAll(text, "\t", "  ")
	if err := v.ReadConfig(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	o, err := Viper(v)
	check(t, o, err)
}

// TestViperChangesKeys is why Viper reads a string. Where it fails, viper keeps case, and
// Viper can do what Koanf does.
func TestViperChangesKeys(t *testing.T) {
	v := viper.NewWithOptions(viper.KeyDelimiter("/"))
	v.SetConfigType("yaml")
	if err := v.ReadConfig(strings.NewReader(inYAML)); err != nil {
		t.Fatal(err)
	}
	var o resil.Overrides
	if err := v.UnmarshalKey("resilience", &o); err != nil {
		t.Fatal(err)
	}
	if _, ok := o["Users"]; ok {
		t.Error("viper keeps the case of keys")
	}
}

func TestOpenFeature(t *testing.T) {
	provider := memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"resilience": {
			State:          memprovider.Enabled,
			DefaultVariant: "on",
			Variants: map[string]any{"on": map[string]any{
				"Users":       map[string]any{"timeout": "3s", "retry": "5"},
				"Users.Get":   map[string]any{"retry": "attempts=2 max=1s"},
				"Users[Get*]": map[string]any{"breaker": "open=5s"},
			}},
		},
	})
	if err := openfeature.SetNamedProviderAndWait(t.Name(), provider); err != nil {
		t.Fatal(err)
	}
	o, err := OpenFeature(t.Context(), openfeature.NewClient(t.Name()))
	check(t, o, err)

	empty := memprovider.NewInMemoryProvider(nil)
	if err := openfeature.SetNamedProviderAndWait(t.Name()+"Empty", empty); err != nil {
		t.Fatal(err)
	}
	if o, err := OpenFeature(t.Context(), openfeature.NewClient(t.Name()+"Empty")); err == nil {
		t.Errorf("a flag that is not there is %v without an error", o)
	}
}

// TestClientsTakeThem applies what was read.
func TestClientsTakeThem(t *testing.T) {
	client, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{
		Name: "Get",
		Policies: resil.Policies{
			Timeout: &resil.Timeout{Total: 1e9},
			Retry:   &resil.Retry{Attempts: 3, Initial: 1, Max: 1e9, Factor: 2, On: []resil.Class{resil.Infrastructure}},
			Breaker: &resil.Breaker{Name: "Users[Get*]", Consecutive: 5, Min: 10, Window: 1e9, Open: 1e9, Probes: 1},
		},
	}}}, resil.WithOverrides(want))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Apply(resil.Overrides{"users": want["Users"]}); err == nil {
		t.Error("a name in lower case is accepted")
	}
}
