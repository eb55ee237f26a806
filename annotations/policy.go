package annotations

import (
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Policy is what the directives on one method say: the policies of the runtime, whose
// keys runtime/policy.go declares, and
// what only the generator needs. A field is nil or false if there is no such
// directive. Its tags are those that package directive describes.
type Policy struct {
	resil.Policies
	Fallback   *Fallback   `directive:"fallback" example:"fallback lastCount" help:"provides the results when a call has failed"`
	Classify   *Classify   `directive:"classify" example:"classify byStatus app=ErrNotFound" help:"decides the class of an error: what it says about the backend"`
	Idempotent *Idempotent `directive:"idempotent" example:"idempotent token=in.ClientToken methods=RunInstances" help:"says that the method is safe to repeat, or makes it so by a token"`
	Skip       bool        `directive:"skip" example:"skip" help:"delegates the method without any policy"`
}

// Fallback names the function that answers when a call has failed. The generator
// resolves it. If it is empty, the constructor takes a second implementation of the
// interface.
type Fallback struct {
	Func string `key:"func,positional" on:"method" help:"function that takes the method's parameters and the cause and returns its results"`
}

// Idempotent says that a call may be repeated. If Token is not empty, the generator has
// every attempt of a call carry the same token, by which the callee knows the second
// attempt from a second call.
type Idempotent struct {
	Token string `key:"token" values:"PARAM.FIELD or header" help:"field that takes a token, new for each call and the same in all its attempts, where the caller has left it empty; header is Idempotency-Key, where a parameter is an *http.Request"`
}

// Classify names classifiers, and errors of a known class, which come before the
// classifiers. The generator resolves the names. An error is a variable, found with
// errors.Is, or a type, found with errors.As.
type Classify struct {
	By        []string `key:"by,positional" default:"network" help:"comma list of network, all and functions of the error or of all results; the first that decides wins"`
	App       []string `key:"app" help:"comma list of error variables and types that are the callee's answer, such as ErrNotFound,*ValidationError; this list and the next three come before the classifiers"`
	Infra     []string `key:"infra" help:"those that say that the callee, or the connection to it, is failing"`
	System    []string `key:"system" help:"those that last until someone fixes their cause"`
	Throttled []string `key:"throttled" help:"those that ask the caller to slow down"`
}

// Lists yields the key, the names and the class of each list of errors that is not empty.
func (c *Classify) Lists(yield func(list ErrorList) bool) {
	for _, list := range []ErrorList{
		{"app", c.App, resil.Application},
		{"infra", c.Infra, resil.Infrastructure},
		{"system", c.System, resil.SystemFault},
		{"throttled", c.Throttled, resil.Throttled},
	} {
		if len(list.Names) > 0 && !yield(list) {
			return
		}
	}
}

// An ErrorList is a list of errors with one class.
type ErrorList struct {
	Key   string
	Names []string
	Class resil.Class
}

// overruled yields a problem for each field that has no effect because of the value
// of another field, by. It is a problem only if directives give both fields.
func (p *Policy) overruled(yield func(by string, problem *directive.Problem) bool) {
	type rule struct {
		applies   bool
		field, by string
		message   string
	}
	var rules []rule
	if r := p.Retry; r != nil {
		rules = append(rules,
			rule{r.Backoff != resil.BackoffExponential, "retry.factor", "retry.backoff", "factor applies only to exponential backoff: remove it, or write backoff=exponential"},
			rule{r.Jitter == resil.JitterDecorrelated, "retry.backoff", "retry.jitter", "decorrelated jitter does not use backoff: remove one of the two"},
			rule{r.Jitter == resil.JitterDecorrelated, "retry.factor", "retry.jitter", "decorrelated jitter does not use factor: remove one of the two"},
		)
		if r.Attempts == 1 {
			for _, key := range []string{"backoff", "initial", "max", "factor", "jitter", "on"} {
				rules = append(rules, rule{true, "retry." + key, "retry.attempts",
					key + " applies to retries, and with one attempt there are none: raise attempts, or write //resil:retry off"})
			}
		}
	}
	if b := p.Breaker; b != nil {
		rules = append(rules, rule{b.Ratio == 0, "breaker.min", "breaker.ratio", "min applies to ratio, which is off: remove it, or write ratio=50%"})
	}
	for _, r := range rules {
		if r.applies && !yield(r.by, &directive.Problem{Code: directive.CodeEffect, Field: r.field, Message: r.message}) {
			return
		}
	}
}
