package model

import (
	"slices"
	"testing"
)

func TestNameTags(t *testing.T) {
	for name, want := range map[string][]string{
		"users.go":                  nil,
		"users_linux.go":            {"linux"},
		"users_windows_test.go":     {"windows"},
		"users_amd64.go":            {"amd64"},
		"users_linux_amd64.go":      {"linux", "amd64"},
		"users_amd64_linux.go":      {"linux"},
		"linux.go":                  nil,
		"users_unix.go":             nil,
		"user_store_js_wasm.go":     {"js", "wasm"},
		"users_arm_arm64_test.go":   {"arm64"},
		"users_linux_windows.go":    {"windows"},
		"users_store.go":            nil,
		"users_plan9_386_test.go":   {"plan9", "386"},
		"linux_amd64.go":            {"amd64"},
		"users_linux_amd64_more.go": nil,
	} {
		if got := nameTags(name); !slices.Equal(got, want) {
			t.Errorf("nameTags(%q) = %q, want %q", name, got, want)
		}
	}
}
