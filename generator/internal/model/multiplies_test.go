package model

import (
	"strings"
	"testing"

	"github.com/resilgen/resilgen/generator/internal/sdk"
)

// What is said about a library that repeats calls by itself has to be true of it.
func TestLayersOfRetriesAreToldAsTheLibraryMakesThem(t *testing.T) {
	for _, c := range []struct {
		retries sdk.Retries
		want    string // in what is said; empty if nothing is
		without string
	}{
		{sdk.Retries{}, "", ""},
		{sdk.Retries{Attempts: 1, Switch: "x.Off()"}, "", ""},
		{sdk.Retries{Attempts: 4, Switch: "x.Off()"}, "3 attempts here can be 12 there; stop it with x.Off(), or", ""},
		{sdk.Retries{Attempts: 4}, "nothing stops it", "stop it with"},
		{sdk.Retries{Attempts: -1, Switch: "x.Off()"}, "until its context ends", "-"},
		{sdk.Retries{Attempts: -1}, "nothing stops it", "stop it with"},
	} {
		got := multiplies(&sdk.Library{Title: "X", Retries: c.retries}, 3)
		if got == "" != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: said is %q, want %q", c.retries, got, c.want)
		}
		if c.without != "" && strings.Contains(got, c.without) {
			t.Errorf("%+v: said is %q, which has %q", c.retries, got, c.without)
		}
	}
}

func TestRequestsOfACallAreThoseOfTheLibraryThatRepeatsMost(t *testing.T) {
	library := func(name string, attempts int) *sdk.Library {
		return &sdk.Library{Name: name, Retries: sdk.Retries{Attempts: attempts}}
	}
	for _, c := range []struct {
		libraries []*sdk.Library
		name      string
		requests  int
	}{
		{nil, "", 1},
		{[]*sdk.Library{library("none", 0), library("one", 1)}, "", 1},
		{[]*sdk.Library{library("some", 2), library("more", 4), library("fewer", 3)}, "more", 4},
		{[]*sdk.Library{library("more", 4), library("endless", -1)}, "endless", -1},
	} {
		w := &Wrapper{Libraries: c.libraries}
		if name, requests := w.Requests(); name != c.name || requests != c.requests {
			t.Errorf("Requests() = %q, %d, want %q, %d", name, requests, c.name, c.requests)
		}
	}
}
