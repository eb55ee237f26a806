//go:build linux

package resilredis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// refusing is a store that refuses so many writes, and counts those that it takes.
type refusing struct {
	store
	refuse, taken int
}

func (s *refusing) Write(context.Context, write) error {
	if s.refuse > 0 {
		s.refuse--
		return errors.New("refused")
	}
	s.taken++
	return nil
}

// forced is an order that forces the breaker Users into a state.
func forced(action resil.Action, at int64) map[string]field {
	text, _ := json.Marshal(order{ID: fmt.Sprint(at), Action: action, Breaker: "Users"})
	return map[string]field{"Users\x00": {at: at, text: string(text)}}
}

// newReader returns a member that is told what was read of a store.
func newReader(t *testing.T, s store) (*resil.Client, func(version string, orders map[string]field) *member) {
	t.Helper()
	p, err := resil.ParsePolicies("breaker scope=fleet")
	if err != nil {
		t.Fatal(err)
	}
	p.Breaker.Name = "Users"
	joined := new(captured)
	c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get", Policies: p}}}, resil.WithFleet(joined))
	if err != nil {
		t.Fatal(err)
	}
	f := &Fleet{ctx: t.Context(), guarded: resil.Must(newResilientStore(s))}
	m := newMember(joined.member)
	return c, func(version string, orders map[string]field) *member {
		f.tell(m, &reading{now: 1000, processes: 1, changed: true, version: version, orders: orders})
		return m
	}
}

// TestOlderOrdersDoNotReplaceNewerOnes: a replica that took over may have the order before
// the last, or none.
func TestOlderOrdersDoNotReplaceNewerOnes(t *testing.T) {
	s := new(refusing)
	c, tell := newReader(t, s)
	tell("1", forced(resil.ActionForceOpen, 20))
	for i, older := range []map[string]field{forced(resil.ActionForceClose, 10), {}} {
		tell(fmt.Sprint("after ", i), older)
		if is := state(c); is != resil.StateForcedOpen {
			t.Errorf("with %v in Redis, the breaker is %v", older, is)
		}
		if s.taken != i+1 {
			t.Errorf("with %v in Redis, %d orders were restored, want %d", older, s.taken, i+1)
		}
	}
	tell("last", forced(resil.ActionForceClose, 30))
	if is := state(c); is != resil.StateForcedClosed {
		t.Errorf("after a newer order the breaker is %v", is)
	}
}

// TestRestoreIsTriedAgain: the next look reads all where the write failed.
func TestRestoreIsTriedAgain(t *testing.T) {
	s := &refusing{refuse: 1}
	_, tell := newReader(t, s)
	tell("1", forced(resil.ActionForceOpen, 20))
	if m := tell("2", nil); m.version != "" {
		t.Errorf("after a write that failed, the version %q counts as read", m.version)
	}
	if m := tell("2", nil); s.taken != 1 || m.version != "2" {
		t.Errorf("%d orders were restored, and the version is %q", s.taken, m.version)
	}
}

// TestTimesThatNothingComesAfter: a field that scripts would replace at once is none.
func TestTimesThatNothingComesAfter(t *testing.T) {
	for value, is := range map[string]bool{"0 9007199254740992 {}": true, "0 9007199254740993 {}": false, "0 9223372036854775807 {}": false} {
		if _, ok := fields([]any{"x", value})["x"]; ok != is {
			t.Errorf("%q is a field: %v, want %v", value, ok, is)
		}
	}
}
