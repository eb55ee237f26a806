package simulation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// AttemptTimeout is the limit of each attempt, in every policy.
const AttemptTimeout = 500 * time.Millisecond

// A Guard makes one call of a client: it calls the backend as often as a policy says.
type Guard func(ctx context.Context, backend func(context.Context) error) error

// A Policy is a way to call a backend.
type Policy struct {
	Name string
	New  func() Guard // of a new client
}

// NoPolicy makes one attempt for each call.
var NoPolicy = Policy{"no policy", func() Guard {
	return func(ctx context.Context, backend func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, AttemptTimeout)
		defer cancel()
		return backend(ctx)
	}
}}

// Resilgen is what generated code does with directives such as "breaker open=10s". It
// has their defaults, because it reads them as the generator does. Each client has
// state of its own.
func Resilgen(directives []string, opts ...resil.Option) Policy {
	policies := resil.Policies{Timeout: &resil.Timeout{Attempt: AttemptTimeout}}
	for _, d := range directives {
		name, args, _ := strings.Cut(d, " ")
		words, problems := directive.Words(args)
		_, more := directive.Refine(&policies, name, words)
		for _, p := range append(problems, more...) {
			panic(fmt.Sprintf("simulation: %s: %v", d, p))
		}
	}
	if policies.Breaker != nil {
		policies.Breaker.Name = "Backend"
	}
	return Policy{strings.Join(directives, " + "), func() Guard {
		c, err := resil.New(resil.Spec{Name: "Backend", Methods: []resil.MethodSpec{
			{Name: "Call", Policies: policies, Classify: []resil.Classifier{resil.ClassifierOf(classify)}},
		}}, opts...)
		if err != nil {
			panic(fmt.Sprintf("simulation: %s: %v", directives, err))
		}
		method := c.Method("Call")
		return func(ctx context.Context, backend func(context.Context) error) error {
			return resil.Run(ctx, method, backend)
		}
	}}
}

func classify(err error) resil.Class {
	if errors.Is(err, ErrFault) || errors.Is(err, ErrFull) {
		return resil.Infrastructure
	}
	return resil.Undecided
}
