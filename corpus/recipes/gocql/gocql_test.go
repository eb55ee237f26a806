package gocql

import (
	"context"
	"errors"
	"testing"

	"github.com/gocql/gocql"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	want := func(c resil.Class) resil.Verdict { return resil.Verdict{Class: c} }
	verdicttest.Errors(t, classifyUsersGocql, []verdicttest.Case{
		// The zero value of each has the code of a server error.
		{Name: "unavailable", Err: &gocql.RequestErrUnavailable{}, Want: want(resil.Infrastructure)},
		{Name: "write timeout", Err: &gocql.RequestErrWriteTimeout{}, Want: want(resil.Infrastructure)},
		{Name: "read timeout", Err: &gocql.RequestErrReadTimeout{}, Want: want(resil.Infrastructure)},
		{Name: "not found", Err: gocql.ErrNotFound, Want: want(resil.Application)},
		{Name: "no host", Err: gocql.ErrNoConnections, Want: resil.Verdict{Class: resil.Infrastructure, Unsent: true}},
		{Name: "no stream", Err: gocql.ErrNoStreams, Want: resil.Verdict{Class: resil.Throttled, Unsent: true}},
		{Name: "no response", Err: gocql.ErrTimeoutNoResponse, Want: want(resil.Infrastructure)},
		{Name: "connection closed", Err: gocql.ErrConnectionClosed, Want: want(resil.Infrastructure)},
		{Name: "session closed", Err: gocql.ErrSessionClosed, Want: want(resil.SystemFault)},
		{Name: "unknown", Err: errors.New("text")},
	})
}

// Users fail as they are told to.
type users struct{ err error }

func (u *users) GetUser(context.Context, gocql.UUID) (string, error) { return "", u.err }
func (u *users) SaveUser(context.Context, gocql.UUID, string) error  { return u.err }

func TestFailuresAreRepeatedAndOpenTheBreakerAndAnswersDoNot(t *testing.T) {
	u := &users{err: gocql.ErrNotFound}
	w, err := NewResilientUsers(u)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := w.GetUser(t.Context(), gocql.UUID{}); err != gocql.ErrNotFound {
			t.Fatal(err)
		}
	}
	u.err = gocql.ErrNoConnections
	if err := w.SaveUser(t.Context(), gocql.UUID{}, "name"); !errors.Is(err, resil.ErrExhausted) || w.Resilience().Stats().Method("SaveUser").Attempts != 3 {
		t.Errorf("what was not sent: %v", err)
	}
	u.err = gocql.ErrTimeoutNoResponse
	if err := w.SaveUser(t.Context(), gocql.UUID{}, "name"); err != gocql.ErrTimeoutNoResponse {
		t.Errorf("what may have been done: %v", err)
	}
	for range 60 {
		if err = w.SaveUser(t.Context(), gocql.UUID{}, "name"); errors.Is(err, resil.ErrOpen) {
			return
		}
	}
	t.Errorf("the breaker does not open: %v", err)
}
