package annotations

import (
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Policy is what the directives on one method say: what the runtime is given,
// and what only the generator needs. A field is nil or false where there is no
// such directive. Its tags are those of [resil.Policies].
type Policy struct {
	resil.Policies
	Fallback   *Fallback `directive:"fallback" help:"answers in the callee's place when a call has failed"`
	Classify   *Classify `directive:"classify" help:"decides what an error says about the backend"`
	Idempotent bool      `directive:"idempotent" help:"says that the method is safe to repeat"`
	Skip       bool      `directive:"skip" help:"delegates the method as it is, without a policy"`
}

// Fallback names the function that answers, which the generator resolves. With
// none, the constructor takes a second implementation of the interface.
type Fallback struct {
	Func string `key:"func,positional" on:"method" help:"function that takes the method's parameters and the cause and returns its results"`
}

// Classify names classifiers, which the generator resolves to functions, and
// errors of known class, which come before them: variables, which errors.Is
// finds, and types, which errors.As does.
type Classify struct {
	By        []string `key:"by,positional" default:"network" help:"comma list of network, all, http, grpc, sql and functions of the error or of all results; the first that decides wins"`
	App       []string `key:"app" help:"comma list of error variables and types that are the callee's answer, such as ErrNotFound,*ValidationError; this list and the next three come before the classifiers"`
	Infra     []string `key:"infra" help:"those that say the callee or the way to it is failing"`
	System    []string `key:"system" help:"those that last until someone mends their cause"`
	Throttled []string `key:"throttled" help:"those that ask for fewer calls"`
}

// Overruled yields a problem for each field that the value of another, by, leaves
// without effect. It is one where both were written.
func (p *Policy) Overruled(yield func(by string, problem *directive.Problem) bool) {
	type rule struct {
		applies     bool
		field, by   string
		instruction string
	}
	var rules []rule
	if r := p.Retry; r != nil {
		rules = append(rules,
			rule{r.Backoff != resil.BackoffExponential, "retry.factor", "retry.backoff", "factor is the growth of an exponential delay: leave it out, or write backoff=exponential"},
			rule{r.Jitter == resil.JitterDecorrelated, "retry.backoff", "retry.jitter", "a decorrelated delay follows from the last one and not from backoff: leave one of the two out"},
			rule{r.Jitter == resil.JitterDecorrelated, "retry.factor", "retry.jitter", "a decorrelated delay follows from the last one and not from factor: leave one of the two out"},
		)
		if r.Attempts == 1 {
			for _, key := range []string{"backoff", "initial", "max", "factor", "jitter", "on"} {
				rules = append(rules, rule{true, "retry." + key, "retry.attempts",
					key + " is about retries, and with one attempt there are none: raise attempts, or write //resil:retry off"})
			}
		}
	}
	if b := p.Breaker; b != nil {
		rules = append(rules, rule{b.Ratio == 0, "breaker.min", "breaker.ratio", "min goes with a ratio, which is off: leave it out, or write ratio=50%"})
	}
	for _, r := range rules {
		if r.applies && !yield(r.by, &directive.Problem{Code: directive.CodeEffect, Field: r.field, Message: r.instruction}) {
			return
		}
	}
}
