// Package resilgrpc guards gRPC: interceptors for clients that no generated wrapper
// guards, interceptors that tell generated wrappers what only an interceptor sees, and
// the server's side of refusals.
package resilgrpc

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Spec describes a guard.
type Spec struct {
	Name string // of the backend, as errors and stats show it

	// Services are those whose methods the backend has, as in
	// &healthpb.Health_ServiceDesc. Stats show each method under its full name,
	// grpc.health.v1.Health/Check. Calls of methods of no such service are guarded too,
	// as methods that may not be repeated; they are counted as "other", or "other
	// streams".
	Services []*grpc.ServiceDesc

	// Policies are those of every method: see [resil.ParsePolicies]. A breaker, limit or
	// bulkhead without a Name has the Spec's, and all methods share it, unless its Per is
	// "method". Other values of Per, and hedges, are errors.
	Policies resil.Policies

	// Idempotent names the methods that are safe to repeat, by patterns of [path.Match]
	// for their names or their full names: "Get*", "orders.v1.Orders/Put". Methods whose
	// protobuf option idempotency_level is NO_SIDE_EFFECTS or IDEMPOTENT are safe too. All
	// others are repeated only where nothing was sent.
	Idempotent []string

	Skip []string // methods that pass unguarded, by patterns as above

	// Classify are asked in order, before gRPC's status, and after what a server says of
	// when to come back.
	Classify []resil.Classifier
}

// A Guard runs the calls of a client connection under policies. Its interceptors are
// safe for concurrent use. A Guard holds the state of one backend, so give each backend
// one of its own.
type Guard struct {
	client  *resil.Client
	methods map[string]*method // by full method, as "/orders.v1.Orders/Get"; nil for one to skip
	unary   *method            // stands for those of other services
	stream  *method
}

type method struct {
	guarded    *resil.Method
	idempotent bool
}

// New returns a guard. It fails where spec or an option cannot mean anything: its error
// names everything that it has found. It changes nothing in spec.
func New(spec Spec, opts ...resil.Option) (*Guard, error) {
	methods, err := spec.methods()
	if err := errors.Join(spec.check(), err); err != nil {
		return nil, fmt.Errorf("resilgrpc: %s: %w", spec.Name, err)
	}
	shared := spec.named(spec.Policies)
	client := resil.Spec{Name: spec.Name, Methods: []resil.MethodSpec{{Name: "*", Policies: shared}}}
	if _, err := resil.New(client); err != nil {
		return nil, err // once, not for each method
	}
	client.Methods = nil
	classifiers := append(slices.Clip(spec.Classify), classify)
	for _, m := range methods {
		client.Methods = append(client.Methods, resil.MethodSpec{
			Name:       m.name,
			Policies:   spec.own(shared, m.name),
			Idempotent: m.idempotent,
			Classify:   classifiers,
			Outlives:   m.stream,
		})
	}
	g := &Guard{methods: map[string]*method{}}
	if g.client, err = resil.New(client, opts...); err != nil {
		return nil, err
	}
	for _, m := range spec.all() {
		g.methods["/"+m.name] = nil // unless it is guarded
	}
	for _, m := range methods {
		g.methods["/"+m.name] = &method{g.client.Method(m.name), m.idempotent}
	}
	g.unary, g.stream = g.methods["/"+other], g.methods["/"+otherStreams]
	return g, nil
}

// The names under which calls of methods of no listed service are counted.
const (
	other        = "other"
	otherStreams = "other streams"
)

// Resilience returns the client behind the guard: its stats and manual control.
func (g *Guard) Resilience() *resil.Client { return g.client }

// DialOptions returns options for [grpc.NewClient] that install the guard: its
// interceptors, which run in the order of the options, and [grpc.WithDisableRetry],
// because retries by a service config would multiply with the guard's.
func (g *Guard) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(g.Unary),
		grpc.WithChainStreamInterceptor(g.Stream),
		grpc.WithDisableRetry(),
	}
}

// find returns the method that guards calls of a full method, and nil where they pass
// unguarded.
func (g *Guard) find(fullMethod string, rest *method) *method {
	if m, ok := g.methods[fullMethod]; ok {
		return m
	}
	return rest
}

func (s *Spec) check() error {
	var errs []error
	if s.Name == "" {
		errs = append(errs, errors.New("the Spec has no Name, by which stats and errors show the backend"))
	}
	if len(s.Services) == 0 {
		errs = append(errs, errors.New("the Spec has no Services, whose methods are guarded; list those of the backend, as in &healthpb.Health_ServiceDesc"))
	}
	seen := map[string]bool{}
	for _, service := range s.Services {
		if seen[service.ServiceName] {
			errs = append(errs, fmt.Errorf("the Services list %s twice", service.ServiceName))
		}
		seen[service.ServiceName] = true
	}
	if s.Policies.Hedge != nil {
		errs = append(errs, errors.New("an interceptor cannot hedge, because all attempts write to one reply; use a generated wrapper for methods to hedge"))
	}
	for name, scope := range s.Policies.Scopes {
		if scope.Per != "" && scope.Per != "method" {
			errs = append(errs, fmt.Errorf("%s: per=%s: an interceptor knows no key but the method; write per=method or leave it out", name, scope.Per))
		}
	}
	return errors.Join(errs...)
}

// A declared method is one of a service.
type declared struct {
	name       string // with the service's
	stream     bool
	idempotent bool
}

// all returns the methods of the services, without those that stand for others.
func (s *Spec) all() (methods []declared) {
	for _, service := range s.Services {
		for _, m := range service.Methods {
			methods = append(methods, declared{name: service.ServiceName + "/" + m.MethodName})
		}
		for _, m := range service.Streams {
			methods = append(methods, declared{name: service.ServiceName + "/" + m.StreamName, stream: true})
		}
	}
	return methods
}

// methods returns the methods to guard.
func (s *Spec) methods() (guarded []declared, err error) {
	all := s.all()
	var names []string
	for _, m := range all {
		names = append(names, m.name)
		if !matches(s.Skip, m.name) {
			m.idempotent = matches(s.Idempotent, m.name) || declaresIdempotent(m.name)
			guarded = append(guarded, m)
		}
	}
	var errs []error
	for _, pattern := range slices.Concat(s.Idempotent, s.Skip) {
		if _, err := path.Match(pattern, ""); err != nil {
			errs = append(errs, fmt.Errorf("the pattern %q cannot be read: %w", pattern, err))
		} else if !slices.ContainsFunc(names, func(name string) bool { return matches([]string{pattern}, name) }) {
			errs = append(errs, fmt.Errorf("the pattern %q fits no method; the services have %s", pattern, strings.Join(names, ", ")))
		}
	}
	return append(guarded, declared{name: other}, declared{name: otherStreams, stream: true}), errors.Join(errs...)
}

// matches reports whether one of the patterns fits a method's full name, or its name
// without the service.
func matches(patterns []string, fullName string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		full, _ := path.Match(pattern, fullName)
		short, _ := path.Match(pattern, path.Base(fullName))
		return full || short
	})
}

// declaresIdempotent reports whether the program has a descriptor of the method that
// says so.
func declaresIdempotent(fullName string) bool {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(fullName, "/", ".")))
	if err != nil {
		return false
	}
	options, _ := d.Options().(*descriptorpb.MethodOptions)
	return options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
}

// named returns policies whose guards have names.
func (s *Spec) named(p resil.Policies) resil.Policies {
	if p.Breaker != nil {
		p.Breaker = named(*p.Breaker, s.Name, func(b *resil.Breaker) *string { return &b.Name })
	}
	if p.Limit != nil {
		p.Limit = named(*p.Limit, s.Name, func(l *resil.Limit) *string { return &l.Name })
	}
	if p.Bulkhead != nil {
		p.Bulkhead = named(*p.Bulkhead, s.Name, func(b *resil.Bulkhead) *string { return &b.Name })
	}
	return p
}

func named[P any](p P, name string, field func(*P) *string) *P {
	if *field(&p) == "" {
		*field(&p) = name
	}
	return &p
}

// own returns the policies of one method: shared, but for guards with one for each
// method.
func (s *Spec) own(shared resil.Policies, method string) resil.Policies {
	if b := shared.Breaker; b != nil && b.Per == "method" {
		own := *b
		own.Name += "." + method
		shared.Breaker = &own
	}
	if l := shared.Limit; l != nil && l.Per == "method" {
		own := *l
		own.Name += "." + method
		shared.Limit = &own
	}
	if b := shared.Bulkhead; b != nil && b.Per == "method" {
		own := *b
		own.Name += "." + method
		shared.Bulkhead = &own
	}
	return shared
}
