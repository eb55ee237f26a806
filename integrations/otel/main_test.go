package resilotel

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = resil.Infra(errors.New("connection refused"))

func succeed(context.Context) error { return nil }
func fail(context.Context) error    { return errDown }

// newClient returns a client of one method, Get, whose guards are named Users, as it is.
func newClient(t testing.TB, directives []string, opts ...resil.Option) (*resil.Client, *resil.Method) {
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
	c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get", Idempotent: true, Policies: policies}}}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c, c.Method("Get")
}

// answers is a callee that gives these answers, one after another, each after d.
func answers(d time.Duration, errs ...error) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(d)
		err := errs[0]
		errs = errs[1:]
		return err
	}
}
