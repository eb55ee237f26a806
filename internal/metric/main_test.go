package metric

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = resil.Infra(errors.New("connection refused"))

func succeed(context.Context) error { return nil }
func fail(context.Context) error    { return errDown }

// newClient returns a client of one method, Get, whose guards have the client's interface's
// name, Users.
func newClient(t *testing.T, directives []string, opts ...resil.Option) (*resil.Client, *resil.Method) {
	t.Helper()
	c := newSpec(t, resil.MethodSpec{Name: "Get", Idempotent: true}, directives, opts...)
	return c, c.Method("Get")
}

func newSpec(t *testing.T, m resil.MethodSpec, directives []string, opts ...resil.Option) *resil.Client {
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
