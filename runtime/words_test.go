package resil

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// fullPolicies have every policy, and every key of each.
func fullPolicies() Policies {
	scope := Scope{Per: "id", Keys: 500, Mode: ModeObserve}
	return Policies{
		Timeout: &Timeout{Total: 2 * time.Second, Attempt: 500 * time.Millisecond},
		Retry:   copyOf(&testRetry),
		Breaker: &Breaker{Name: "Users", Consecutive: 4, Ratio: 50 * Percent, Min: 10, Window: time.Minute, Open: 30 * time.Second, OpenMax: 10 * time.Minute,
			Probes: 2, Slow: time.Second, Ramp: 20 * time.Second, Scope: scope},
		Limit:    &Limit{Name: "Users", Rate: Rate{Count: 100, Per: time.Second}, Burst: 20, Wait: 50 * time.Millisecond, Queue: 7, Hints: HintsIgnored, Scope: scope},
		Bulkhead: &Bulkhead{Name: "Users", Calls: 10, Wait: 50 * time.Millisecond, Queue: 8, Scope: scope},
		Hedge:    &Hedge{Delay: 50 * time.Millisecond, Max: 2},
	}
}

func TestPoliciesInOneLine(t *testing.T) {
	for want, p := range map[string]Policies{
		"": {},
		"timeout 2s, attempt 500ms · retry 3, exponential 100ms–30s, full jitter · breaker Users per id, observed · " +
			"limit Users 100/s burst 20 wait 50ms queue 7 per id, observed · bulkhead Users 10 wait 50ms queue 8 per id, observed · hedge after 50ms, 2 at most": fullPolicies(),
		"timeout 2s": {Timeout: &Timeout{Total: 2 * time.Second}},
		"retry 2, constant 1s, no jitter, on unsent": {Retry: &Retry{Attempts: 2, Initial: time.Second, Max: time.Minute, On: []Class{NothingSent}}},
		"limit Users 5/s": {Limit: &Limit{Name: "Users", Rate: Rate{Count: 5, Per: time.Second}, Burst: 5}},
	} {
		if got := p.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestPoliciesInWords(t *testing.T) {
	for _, tt := range []struct {
		p    Policies
		want []string
	}{
		{Policies{}, nil},
		{fullPolicies(), []string{
			"timeout: a call ends after 2s, its retries and waits included; each attempt ends after 500ms",
			"retry: up to 3 attempts, where the error is infrastructure or throttled; pauses that begin with 100ms and grow by a factor of 2, full jitter; " +
				"no pause is longer than 30s: the call ends where the callee asks for more; retries are 20% of the answered calls at most",
			"breaker Users: it opens after 4 failures in a row, and when 50% of at least 10 answered calls in the last 1m failed; " +
				"open, it refuses calls for 30s, twice as long each time that a probe fails, up to 10m; it closes after 2 probes without a failure; " +
				"a call slower than 1s is a failure; after closing, the share of calls that it admits grows for 20s; " +
				"there is one for each id, 500 at most; it only counts what it would refuse",
			"limit Users: 100/s attempts on average, up to 20 at once; others wait up to 50ms, 7 of them at most; only the attempt that the callee asks stays away; " +
				"there is one for each id, 500 at most; it only counts what it would refuse",
			"bulkhead Users: up to 10 attempts under way at once; others wait up to 50ms, 8 of them at most; there is one for each id, 500 at most; it only counts what it would refuse",
			"hedge: while no attempt is answered, another starts each 50ms or when one fails, 2 more at most; the first answer counts",
		}},
		{Policies{
			Timeout:  &Timeout{Attempt: time.Second},
			Breaker:  &Breaker{Name: "Store", Consecutive: ConsecutiveAuto, Open: time.Second, Probes: 1},
			Bulkhead: &Bulkhead{Name: "Store", Calls: 1, Scope: Scope{Per: "method"}},
			Hedge:    &Hedge{Delay: time.Second, Max: 1, Budget: 20 * Percent},
		}, []string{
			"timeout: each attempt ends after 1s",
			"breaker Store: it opens after 5 failures in a row, or a few more where many calls are answered; open, it refuses calls for 1s; it closes after 1 probe without a failure",
			"bulkhead Store: up to 1 attempt under way at once; others are refused; there is one for each method",
			"hedge: while no attempt is answered, another starts each 1s or when one fails, 1 more at most; the first answer counts; hedges are 20% of the answered calls at most",
		}},
		{Policies{Retry: &Retry{Attempts: 1}}, []string{"retry: none"}},
	} {
		if got := tt.p.Words(); !slices.Equal(got, tt.want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

// Words tell every key: whoever changes one finds other words.
func TestWordsTellEveryKey(t *testing.T) {
	was := strings.Join(fullPolicies().Words(), "\n")
	policies := reflect.TypeFor[Policies]()
	for i := range policies.NumField() {
		name := policies.Field(i).Name
		fields := reflect.VisibleFields(policies.Field(i).Type.Elem())
		for _, f := range fields {
			if f.Anonymous || name == "Hedge" && f.Name == "Budget" { // of the retry here
				continue
			}
			p := fullPolicies()
			v := reflect.ValueOf(&p).Elem().Field(i).Elem().FieldByIndex(f.Index)
			switch v.Interface().(type) {
			case string:
				v.SetString("other")
			case float64:
				v.SetFloat(3)
			case Rate:
				v.Set(reflect.ValueOf(Rate{Count: 9, Per: time.Hour}))
			case []Class:
				v.Set(reflect.ValueOf([]Class{Unknown}))
			case Mode:
				v.SetUint(uint64(ModeEnforce+ModeObserve) - v.Uint())
			case Backoff:
				v.SetUint(uint64(BackoffLinear))
			case Extent:
				v.SetUint(uint64(ExtentFleet))
			case Hints:
				v.SetUint(uint64(HintsObeyed))
			default:
				v.SetInt(v.Int() + 1)
			}
			if got := strings.Join(p.Words(), "\n"); got == was {
				t.Errorf("%s.%s = %v changes no word: say it in words.go", name, f.Name, v)
			} else if strings.Contains(got, "%!") || len(p.Words()) != len(fullPolicies().Words()) {
				t.Errorf("%s.%s: %s", name, f.Name, got)
			}
		}
	}
}

func TestASpecsPoliciesCanBePrinted(t *testing.T) {
	c := newClient(t, fullSpec())
	const want = "retry 3, exponential 100ms–30s, full jitter · breaker Store · limit Store 1000000000/s"
	if got := fmt.Sprint(c.Spec().Methods[0].Policies); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
