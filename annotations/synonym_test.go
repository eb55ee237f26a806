package annotations_test

import (
	"strings"
	"testing"
)

func TestWordsOfOtherLibrariesLeadToOurs(t *testing.T) {
	for _, tt := range []struct{ directive, want string }{
		{"circuitbreaker", `unknown directive "circuitbreaker"; write //resil:breaker`},
		{"circuit-breaker", `unknown directive "circuit-breaker"; write //resil:breaker`},
		{"cb failures=5", `unknown directive "cb"; write //resil:breaker`},
		{"ratelimit 10/s", `unknown directive "ratelimit"; write //resil:limit`},
		{"rate-limit 10/s", `unknown directive "rate-limit"; write //resil:limit`},
		{"rps 10", `unknown directive "rps"; write //resil:limit`},
		{"throttle 10/s", `unknown directive "throttle"; write //resil:limit`},
		{"retries 3", `unknown directive "retries"; write //resil:retry`},
		{"deadline 3s", `unknown directive "deadline"; write //resil:timeout`},
		{"concurrency 3", `unknown directive "concurrency"; write //resil:bulkhead`},
		{"maxConcurrent 3", `unknown directive "maxConcurrent"; write //resil:bulkhead`},
		{"memoize", `unknown directive "memoize": resilgen does not cache: write the cache as a wrapper of the interface, and guard what it wraps`},
		{"metrics", `unknown directive "metrics": the stats of every wrapper are there without a directive: see Client.Stats and resil.WithObserver`},

		{"retry maxattempts=3", `unknown key "maxattempts"; write attempts=3`},
		{"retry max-attempts=3", `unknown key "max-attempts"; write attempts=3`},
		{"retry retries=3", `unknown key "retries"; write attempts=4, which counts the first call too`},
		{"retry maxRetries=x", `unknown key "maxRetries"; write attempts=, which counts the first call too`},
		{"retry 3 delay=1s", `unknown key "delay"; write initial=1s`},
		{"retry 3 multiplier=2", `unknown key "multiplier"; write factor=2`},
		{"retry 3 maxElapsedTime=5s", `unknown key "maxElapsedTime"; write //resil:timeout 5s`},
		{"retry 3 perTryTimeout=1s", `unknown key "perTryTimeout"; write //resil:timeout attempt=1s`},
		{"retry 3 only=Get", `unknown key "only"; write methods=Get`},
		{"retry 3 except=Get", `unknown key "except"; methods= chooses what a directive reaches; write //resil:retry off methods=Get`},
		{"breaker failures=5", `unknown key "failures"; write consecutive=5`},
		{"breaker threshold=5", `unknown key "threshold"; write consecutive=5`},
		{"breaker threshold=5%", `unknown key "threshold"; write ratio=5%`},
		{"breaker errorRate=5%", `unknown key "errorRate"; write ratio=5%`},
		{"breaker timeout=30s", `unknown key "timeout"; write open=30s`},
		{"breaker name=x", `unknown key "name"; a breaker is called after the interface or method above which it stands: remove it`},
		{"breaker keyed=id", `unknown key "keyed"; write per=id`},
		{"limit 10/s capacity=2", `unknown key "capacity"; write burst=2`},
		{"limit window=1m", `unknown key "window"; the span of time is part of the rate: write //resil:limit 10/1m`},
		{"bulkhead 3 scope=fleet", `unknown key "scope"; a bulkhead counts the calls of its own process: leave scope out, and write each process's part as the number; limit and breaker have scope=fleet`},
		{"limit 3/s scope=cluster", `scope: "cluster": write scope=fleet`},
		{"limit 3/s distributed=true", `unknown key "distributed"; write scope=fleet`},
		{"limit 3/s distributed=false", `unknown key "distributed"; write scope=process`},
		{"breaker shared=off", `unknown key "shared"; write scope=process`},
		{"limit 3/s redis=main", `unknown key "redis"; write scope=fleet`},
		{"bulkhead maxConcurrentCalls=3", `unknown key "maxConcurrentCalls"; write calls=3`},
		{"hedge after=3ms", `unknown key "after"; write delay=3ms`},
		{"idempotent key=in.Token", `unknown key "key"; write token=in.Token`},
		{"classify ignore=ErrNotFound", `unknown key "ignore"; write app=ErrNotFound`},

		{"retry backoff=expo", `backoff: "expo": write backoff=exponential`},
		{"retry backoff=fixed", `backoff: "fixed": write backoff=constant`},
		{"retry jitter=true", `jitter: "true": write jitter=full`},
		{"retry on=503", `on: "503": on takes classes of errors, and 503 is infrastructure; write on=infrastructure`},
		{"retry on=infrastructure,5xx", `on: "5xx": on takes classes of errors, and 5xx is infrastructure; write on=infrastructure`},
		{"retry on=429", `on: "429": on takes classes of errors, and 429 is throttled; write on=throttled`},
		{"retry on=404", `on: "404": on takes classes of errors, and 404 is application; write on=application`},
		{"retry on=timeout", `on: "timeout": on takes classes of errors, and this one is infrastructure; write on=infrastructure`},
		{"retry on=all", `on: "all": on takes classes of errors; write on=infrastructure,throttled,unknown`},
		{"retry on=io.ErrUnexpectedEOF", `on: "io.ErrUnexpectedEOF": on takes classes of errors: write //resil:classify infra=io.ErrUnexpectedEOF`},
		{"breaker mode=dryrun", `mode: "dryrun": write mode=observe`},
	} {
		_, _, diagnostics := read(t, "\n//resil:"+tt.directive+"\ntype S interface{ Get() }\n")
		var got []string
		for _, d := range diagnostics {
			got = append(got, d.Message)
		}
		if strings.Join(got, "\n") != tt.want {
			t.Errorf("//resil:%s\n got %s\nwant %s", tt.directive, strings.Join(got, "\n"), tt.want)
		}
	}
}

func TestCommentsMeantAsDirectivesMayUseWordsOfOtherLibraries(t *testing.T) {
	_, _, diagnostics := read(t, "\n// resil:CircuitBreaker\ntype S interface{ Get() }\n")
	const want = "this comment is not a directive: write //resil:breaker on a line of its own, in lower case and without spaces before the name"
	if len(diagnostics) != 1 || diagnostics[0].Message != want {
		t.Errorf("got %v, want %s", diagnostics, want)
	}
}
