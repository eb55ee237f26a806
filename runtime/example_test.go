package resil_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// client is what a generated constructor does.
func client(spec resil.Spec, opts ...resil.Option) *resil.Client {
	c, err := resil.New(spec, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return c
}

var errDown = resil.Infra(errors.New("connection refused"))

func ExampleCall() {
	users := client(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get"}}})
	name, err := resil.Call(context.Background(), users.Method("Get"), func(ctx context.Context) (string, error) {
		return "Ada", nil
	})
	fmt.Println(name, err)
	// Output: Ada <nil>
}

func ExampleRetry() {
	users := client(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{
		Name: "Get",
		Policies: resil.Policies{Retry: &resil.Retry{
			Attempts: 3,
			Backoff:  resil.BackoffExponential,
			Initial:  time.Millisecond,
			Max:      time.Second,
			Factor:   2,
			Jitter:   resil.JitterFull,
			On:       []resil.Class{resil.Infrastructure, resil.Throttled},
		}},
	}}})
	err := resil.Run(context.Background(), users.Method("Get"), func(ctx context.Context) error {
		fmt.Println("attempt", resil.Attempt(ctx))
		return errDown
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, resil.ErrExhausted), errors.Is(err, errDown))
	// Output:
	// attempt 1
	// attempt 2
	// attempt 3
	// Users.Get: all attempts failed (3 attempts made): connection refused
	// true true
}

func ExampleTimeout() {
	users := client(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{
		Name:     "Get",
		Policies: resil.Policies{Timeout: &resil.Timeout{Total: 10 * time.Millisecond}},
	}}})
	err := resil.Run(context.Background(), users.Method("Get"), func(ctx context.Context) error {
		<-ctx.Done() // a callee must obey its context
		return ctx.Err()
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output:
	// Users.Get: timed out (1 attempt made): context deadline exceeded
	// true
}

func ExampleBreaker() {
	breaker := &resil.Breaker{Name: "Users", Consecutive: 2, Min: 1, Window: time.Minute, Open: time.Minute, Probes: 1}
	users := client(resil.Spec{
		Name:    "Users",
		Methods: []resil.MethodSpec{{Name: "Get", Policies: resil.Policies{Breaker: breaker}}},
	})
	for range 3 {
		err := resil.Run(context.Background(), users.Method("Get"), func(context.Context) error { return errDown })
		fmt.Println(errors.Is(err, resil.ErrOpen), users.Breaker("Users").State())
	}
	users.Breaker("Users").Reset()
	fmt.Println(users.Breaker("Users").State())
	// Output:
	// false closed
	// false open
	// true open
	// closed
}

func ExampleLimit() {
	limit := &resil.Limit{Name: "Users", Rate: resil.Rate{Count: 2, Per: time.Minute}}
	users := client(resil.Spec{
		Name:    "Users",
		Methods: []resil.MethodSpec{{Name: "Get", Policies: resil.Policies{Limit: limit}}},
	})
	for range 3 {
		err := resil.Run(context.Background(), users.Method("Get"), func(context.Context) error { return nil })
		var refusal *resil.Error
		if errors.As(err, &refusal) {
			fmt.Println(refusal.Reason, "for", refusal.RetryAfter().Round(time.Second))
		} else {
			fmt.Println("admitted")
		}
	}
	// Output:
	// admitted
	// admitted
	// client-side rate limit reached for 30s
}

func ExampleBulkhead() {
	users := client(resil.Spec{
		Name:    "Users",
		Methods: []resil.MethodSpec{{Name: "Get", Policies: resil.Policies{Bulkhead: &resil.Bulkhead{Name: "Users", Calls: 1}}}},
	})
	get := users.Method("Get")
	err := resil.Run(context.Background(), get, func(ctx context.Context) error {
		return resil.Run(ctx, get, func(context.Context) error { return nil }) // while the first is under way
	})
	fmt.Println(err)
	// Output: Users.Get: bulkhead is full
}

func ExampleHedged() {
	users := client(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{
		Name:     "Get",
		Policies: resil.Policies{Hedge: &resil.Hedge{Delay: time.Millisecond, Max: 1}},
	}}})
	from, err := resil.Hedged(context.Background(), users.Method("Get"), func(ctx context.Context) (string, error) {
		if resil.Attempt(ctx) == 1 {
			<-ctx.Done() // a slow replica, until another has answered
			return "", ctx.Err()
		}
		return "the hedge", nil
	}, nil)
	fmt.Println(from, err)
	// Output: the hedge <nil>
}

func ExampleMethod_FallsBack() {
	users := client(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get"}}})
	get := func(ctx context.Context) (string, error) {
		name, err := resil.Call(ctx, users.Method("Get"), func(context.Context) (string, error) { return "", errDown })
		if users.Method("Get").FallsBack(ctx, err) {
			return "somebody", nil
		}
		return name, err
	}
	fmt.Println(get(context.Background()))
	// Output: somebody <nil>
}

func ExampleKeyedMethod() {
	breaker := &resil.Breaker{Name: "Peers", Consecutive: 1, Min: 1, Window: time.Minute, Open: time.Minute, Probes: 1,
		Scope: resil.Scope{Per: "peer"}}
	var ping resil.KeyedMethod[string]
	peers := client(resil.Spec{
		Name:    "Peers",
		Methods: []resil.MethodSpec{{Name: "Ping", Method: &ping, Policies: resil.Policies{Breaker: breaker}}},
	})
	resil.Run(context.Background(), ping.For("10.0.0.1"), func(context.Context) error { return errDown })
	resil.Run(context.Background(), ping.For("10.0.0.2"), func(context.Context) error { return nil })
	stats := peers.Stats()
	fmt.Println(stats.Breaker("Peers", "10.0.0.1").State)
	fmt.Println(stats.Breaker("Peers", "10.0.0.2").State)
	// Output:
	// open
	// closed
}

func ExampleClassifier() {
	errNotFound := errors.New("not found")
	byCode := func(err error) resil.Verdict {
		if errors.Is(err, errNotFound) {
			return resil.Verdict{Class: resil.Application}
		}
		return resil.Verdict{Class: resil.Infrastructure, After: time.Second}
	}
	users := client(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{
		Name:     "Get",
		Classify: []resil.Classifier{byCode},
	}}})
	resil.Run(context.Background(), users.Method("Get"), func(context.Context) error { return errNotFound })
	resil.Run(context.Background(), users.Method("Get"), func(context.Context) error { return errors.New("odd") })
	s := users.Stats().Method("Get")
	fmt.Println(s.Application, s.Infrastructure)
	// Output: 1 1
}

func ExampleWithObserver() {
	observe := resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Kind == resil.EventStateChanged {
			fmt.Println(e.Breaker, e.From, "→", e.To)
		}
	})
	breaker := &resil.Breaker{Name: "Users", Consecutive: 1, Min: 1, Window: time.Minute, Open: time.Minute, Probes: 1}
	users := client(resil.Spec{
		Name:    "Users",
		Methods: []resil.MethodSpec{{Name: "Get", Policies: resil.Policies{Breaker: breaker}}},
	}, observe)
	resil.Run(context.Background(), users.Method("Get"), func(context.Context) error { return errDown })
	users.Flush(context.Background()) // changes of state come on a goroutine of their own
	// Output: Users closed → open
}

func ExampleClient_Apply() {
	users := client(resil.Spec{
		Name: "Users",
		Methods: []resil.MethodSpec{{Name: "Get", Policies: resil.Policies{
			Limit: &resil.Limit{Name: "Users", Rate: resil.Rate{Count: 2, Per: time.Hour}},
		}}},
	}, resil.WithObserver(func(_ context.Context, e resil.Event) {
		for _, change := range e.Changes {
			fmt.Println(change)
		}
	}))
	// A file in JSON that an operator has changed, say.
	var changed resil.Overrides
	json.Unmarshal([]byte(`{"Users": {"limit": "rate=5/s wait=10ms"}}`), &changed)
	if err := users.Apply(changed); err != nil {
		fmt.Println(err) // and what was in force still is
	}
	users.Flush(context.Background())
	// Output:
	// Users: limit rate 2/h → 5/s
	// Users: limit burst 2 → 5
	// Users: limit wait 0s → 10ms
}

func ExampleWithOverrides() {
	spec := resil.Spec{
		Name: "Users",
		Methods: []resil.MethodSpec{{Name: "Get", Policies: resil.Policies{
			Limit: &resil.Limit{Name: "Users", Rate: resil.Rate{Count: 2, Per: time.Minute}},
		}}},
	}
	_, err := resil.New(spec, resil.WithOverrides(resil.Overrides{"Users": {"limit": "rate=100/s"}}))
	fmt.Println(err)
	_, err = resil.New(spec, resil.WithOverrides(resil.Overrides{"Users": {"limit": "rat=100/s"}}))
	fmt.Println(err)
	// Output:
	// <nil>
	// resil: override of Users: limit: unknown key "rat"; did you mean "rate"?
}
