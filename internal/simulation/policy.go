package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// AttemptTimeout is the limit of each attempt in all policies but Plain.
const AttemptTimeout = 500 * time.Millisecond

// A Policy is a way to call a backend, with a name for the tables.
type Policy struct {
	Name  string
	Guard func(client int) Guard
}

// Policies are those of resilgen, with the defaults of the directives.
func Policies() []Policy {
	return []Policy{
		{"no policy", func(int) Guard { return limited }},
		Ours("retry without a budget", resil.Policies{Retry: retry(0)}),
		Ours("retry", resil.Policies{Retry: retry(20 * resil.Percent)}),
		Ours("breaker", resil.Policies{Breaker: breaker()}),
		Ours("retry and breaker", resil.Policies{Retry: retry(20 * resil.Percent), Breaker: breaker()}),
	}
}

// limited is a call with the attempt timeout that the other policies have too.
func limited(ctx context.Context, backend func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, AttemptTimeout)
	defer cancel()
	return backend(ctx)
}

func retry(budget resil.Ratio) *resil.Retry {
	return &resil.Retry{
		Attempts: 3,
		Backoff:  resil.BackoffExponential,
		Initial:  100 * time.Millisecond,
		Max:      30 * time.Second,
		Factor:   2,
		Jitter:   resil.JitterFull,
		On:       []resil.Class{resil.Infrastructure, resil.Throttled},
		Budget:   budget,
	}
}

func breaker() *resil.Breaker {
	return &resil.Breaker{
		Name:        "Backend",
		Consecutive: resil.ConsecutiveAuto,
		Ratio:       50 * resil.Percent,
		Min:         10,
		Window:      time.Minute,
		Open:        30 * time.Second,
		Probes:      2,
	}
}

// Ours is a policy of resilgen: each client has its own state.
func Ours(name string, policies resil.Policies) Policy {
	return Policy{name, func(int) Guard {
		policies := policies
		policies.Timeout = &resil.Timeout{Attempt: AttemptTimeout}
		c, err := resil.New(resil.Spec{Name: "Backend", Methods: []resil.MethodSpec{
			{Name: "Call", Policies: policies, Classify: []resil.Classifier{resil.ClassifierOf(classify)}},
		}})
		if err != nil {
			panic(fmt.Sprintf("simulation: %s: %v", name, err))
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
