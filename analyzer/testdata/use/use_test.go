package use

import (
	"context"
	"testing"
)

func TestStore(t *testing.T) {
	raw := &disk{}
	if _, err := NewResilientStore(raw); err != nil {
		t.Fatal(err)
	}
	NewResilientStore(raw) // want `the wrapper that NewResilientStore returns is not kept`
	store, err := NewResilientStore(raw)
	if err != nil {
		t.Fatal(err)
	}
	if store.Get(t.Context(), 1) != raw.Get(context.Background(), 1) {
		t.Error("the wrapper changes the result")
	}
}
