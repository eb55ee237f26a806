package gosrc

import (
	"go/types"
	"slices"
	"testing"
)

func TestLoweredFirstWord(t *testing.T) {
	for name, want := range map[string]string{
		"GetUser":  "getUser",
		"URL":      "url",
		"HTTPGet":  "httpGet",
		"getUser":  "getUser",
		"X":        "x",
		"ÄndernX":  "ändernX",
		"Get_User": "get_User",
		"V2Get":    "v2Get",
		"_Get":     "_Get",
		"_1":       "_1",
		"__":       "__",
	} {
		if got := Uncapitalize(name); got != want {
			t.Errorf("lowered(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string][]string{
		"CreateUser":  {"Create", "User"},
		"createUser":  {"create", "User"},
		"Creates":     {"Creates"},
		"HTTPPost":    {"HTTP", "Post"},
		"Post_it":     {"Post", "it"},
		"ListS3Items": {"List", "S3", "Items"},
		"_x":          {"x"},
	} {
		if got := Words(name); !slices.Equal(got, want) {
			t.Errorf("words(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestFreshAvoidsKeywordsAndPredeclaredNames(t *testing.T) {
	taken := map[string]bool{"ctx": true, "ctx2": true}
	for name, want := range map[string]string{
		"ctx":    "ctx3",
		"type":   "type2",
		"string": "string2",
		"user":   "user",
	} {
		if got := Unused(taken, name); got != want {
			t.Errorf("fresh(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestBaseName(t *testing.T) {
	for path, want := range map[string]string{
		"context":                        "context",
		"math/rand/v2":                   "rand",
		"github.com/sony/gobreaker/v2":   "gobreaker",
		"gopkg.in/yaml.v3":               "yaml.v3",
		"github.com/resilgen/x/runtime":  "runtime",
		"example.com/v1":                 "example.com",
		"k8s.io/api/core/v1":             "core",
		"github.com/jackc/pgx/v5/pgconn": "pgconn",
	} {
		if got := baseName(path); got != want {
			t.Errorf("baseName(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestImportable(t *testing.T) {
	for _, tt := range []struct {
		pkg, name, from string
		want            bool
	}{
		{"a.com/x", "x", "b.com/y", true},
		{"a.com/x/internal/z", "z", "b.com/y", false},
		{"a.com/x/internal/z", "z", "a.com/x/y", true},
		{"a.com/x/internal", "internal", "a.com/x", true},
		{"a.com/x/internal", "internal", "a.com/xy", false},
		{"a.com/x/internals", "internals", "b.com/y", true},
		{"a.com/internal/x/internal/z", "z", "a.com/y", false},
		{"internal/abi", "abi", "a.com/y", false},
		{"a.com/cmd", "main", "a.com/y", false},
		{"a.com/cmd", "main", "a.com/cmd_test", true},
	} {
		if got := Importable(types.NewPackage(tt.pkg, tt.name), types.NewPackage(tt.from, "p")); got != tt.want {
			t.Errorf("importable(%q from %q) = %t, want %t", tt.pkg, tt.from, got, tt.want)
		}
	}
}
