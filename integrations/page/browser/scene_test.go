package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	resilpage "github.com/resilgen/resilgen/integrations/page"
	resil "github.com/resilgen/resilgen/runtime"
)

const token = "only the tests know this"

// A scene is a program with four clients, callers of them, and the page.
type scene struct {
	registry *resil.Registry
	page     *resilpage.Page
	url      string
	down     atomic.Bool // the backend of Payments
	tenants  atomic.Bool // the backend of two tenants
}

// newScene starts a scene, which ends with the test.
func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{registry: new(resil.Registry)}
	s.page = resilpage.New(s.registry, resilpage.WithToken(token), resilpage.WithTitle("shop on web-7"), resilpage.WithAudit(func(context.Context, resilpage.Action) {}))
	mux := http.NewServeMux()
	mux.Handle("/debug/resil", s.page)
	server := httptest.NewServer(mux)
	s.url = server.URL + "/debug/resil"
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		callers.Wait()
		s.page.Close()
		server.Close()
	})
	every := func(pause time.Duration, call func()) {
		callers.Go(func() {
			for ticker := time.NewTicker(pause); ; {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
					call()
				}
			}
		})
	}

	payments := newClient(t, s.registry, "Payments",
		[]string{"timeout 2s attempt=500ms", "breaker open=20s"}, map[string][]string{
			"Charge": nil, "Refund": nil, "GetPayment": {"retry 3 initial=20ms"},
		})
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 3, 7), Port: 8443}, Err: syscall.ECONNREFUSED}
	pay := func(context.Context) error {
		if s.down.Load() {
			return refused
		}
		return nil
	}
	every(40*time.Millisecond, func() { resil.Run(ctx, payments.Method("Charge"), pay) })
	every(70*time.Millisecond, func() { resil.Run(ctx, payments.Method("GetPayment"), pay) })
	every(900*time.Millisecond, func() { resil.Run(ctx, payments.Method("Refund"), pay) })

	users := newClient(t, s.registry, "Users",
		[]string{"timeout 1s", "retry 3", "breaker"}, map[string][]string{"GetUser": nil, "ListUsers": {"limit 50/s scope=fleet"}},
		resil.WithFleet(fleet{}))
	n := 0
	every(25*time.Millisecond, func() {
		resil.Run(ctx, users.Method("GetUser"), func(context.Context) error {
			if n++; n%9 == 0 {
				return resil.App(errors.New("no such user"))
			}
			return nil
		})
	})
	every(110*time.Millisecond, func() { resil.Run(ctx, users.Method("ListUsers"), fine) })

	search := newClient(t, s.registry, "Search", []string{"timeout 300ms", "bulkhead 8"}, map[string][]string{"Query": nil})
	every(200*time.Millisecond, func() { resil.Run(ctx, search.Method("Query"), fine) })

	var keyed resil.KeyedMethod[string]
	_, err := resil.New(resil.Spec{Name: "Directory", Methods: []resil.MethodSpec{{
		Name: "Lookup", Method: &keyed,
		Policies: named(t, "Directory", "timeout 1s", "breaker per=tenant open=30s"),
	}}}, resil.WithRegistry(s.registry))
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	every(15*time.Millisecond, func() {
		i++
		tenant := fmt.Sprintf("tenant-%03d", i%300)
		if i%5 == 0 {
			tenant = []string{"acme", "globex"}[i/5%2]
		}
		resil.Run(ctx, keyed.For(tenant), func(context.Context) error {
			if s.tenants.Load() && (tenant == "acme" || tenant == "globex") {
				return resil.Infra(fmt.Errorf("directory of %s: 503 Service Unavailable", tenant))
			}
			return nil
		})
	})
	return s
}

// A fleet is one of three processes whose store grants all that is asked for.
type fleet struct{}

func (fleet) Join(m *resil.Member) error {
	return m.Update(resil.FleetState{Processes: 3, Orders: []resil.Order{{
		ID: "1", Action: resil.ActionApply, Overrides: resil.Overrides{"Users.ListUsers": {"retry": "attempts=2"}}, By: "ada", At: time.Now(),
	}}})
}
func (fleet) Ask(a *resil.Ask)                         { go a.Answer(resil.Grant{Tokens: a.Tokens, Busy: 1}, nil) }
func (fleet) Report(*resil.Member, resil.Suspicion)    {}
func (fleet) Order(context.Context, resil.Order) error { return nil }

// faults injects faults into a client on purpose.
func (s *scene) faults(t *testing.T, name string) {
	t.Helper()
	if err := s.client(name).SetChaos(resil.Chaos{"*": {Slow: 20 * resil.Percent, Latency: time.Second, Always: true}}); err != nil {
		t.Fatal(err)
	}
}

// client is the client of a name.
func (s *scene) client(name string) *resil.Client { return s.registry.Client(name) }

func fine(context.Context) error { return nil }

// named are the policies that directives declare, with a name for their guards.
func named(t *testing.T, name string, directives ...string) resil.Policies {
	t.Helper()
	p, err := resil.ParsePolicies(directives...)
	if err != nil {
		t.Fatal(err)
	}
	if p.Breaker != nil {
		p.Breaker.Name = name
	}
	if p.Limit != nil {
		p.Limit.Name = name
	}
	if p.Bulkhead != nil {
		p.Bulkhead.Name = name
	}
	return p
}

// newClient makes a client whose methods share the policies of the interface, and have some
// of their own.
func newClient(t *testing.T, r *resil.Registry, name string, shared []string, methods map[string][]string, opts ...resil.Option) *resil.Client {
	t.Helper()
	common := named(t, name, shared...)
	spec := resil.Spec{Name: name}
	for method, own := range methods {
		p := named(t, name+"."+method, own...)
		p.Timeout, p.Breaker, p.Bulkhead = common.Timeout, common.Breaker, common.Bulkhead
		if p.Retry == nil {
			p.Retry = common.Retry
		}
		spec.Methods = append(spec.Methods, resil.MethodSpec{Name: method, Policies: p})
	}
	slices.SortFunc(spec.Methods, func(a, b resil.MethodSpec) int { return strings.Compare(a.Name, b.Name) })
	c, err := resil.New(spec, append(opts, resil.WithRegistry(r), resil.WithChaos(nil))...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
