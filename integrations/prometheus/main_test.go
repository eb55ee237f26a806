package resilprom

import (
	"context"
	"errors"
	"flag"
	"testing"
	"time"

	"go.uber.org/goleak"

	resil "github.com/resilgen/resilgen/runtime"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = resil.Infra(errors.New("connection refused"))

func succeed(context.Context) error { return nil }
func fail(context.Context) error    { return errDown }

// newClient returns a client of one method, Get, whose guards have the client's interface's
// name, Users.
func newClient(t testing.TB, directives []string, opts ...resil.Option) (*resil.Client, *resil.Method) {
	t.Helper()
	c := newSpec(t, resil.MethodSpec{Name: "Get", Idempotent: true}, directives, opts...)
	return c, c.Method("Get")
}

// newKeyed is newClient with guards that are kept by key.
func newKeyed(t *testing.T, directives []string, opts ...resil.Option) *resil.KeyedMethod[string] {
	t.Helper()
	var m resil.KeyedMethod[string]
	newSpec(t, resil.MethodSpec{Name: "Get", Method: &m}, directives, opts...)
	return &m
}

func newSpec(t testing.TB, m resil.MethodSpec, directives []string, opts ...resil.Option) *resil.Client {
	t.Helper()
	policies, err := resil.ParsePolicies(directives...)
	if err != nil {
		t.Fatal(err)
	}
	if policies.Breaker != nil {
		policies.Breaker.Name = "Users"
	}
	if policies.Limit != nil {
		policies.Limit.Name = "Users"
	}
	if policies.Bulkhead != nil {
		policies.Bulkhead.Name = "Users"
	}
	m.Policies = policies
	c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{m}}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// after is an attempt that succeeds after d.
func after(d time.Duration) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return nil }
}
