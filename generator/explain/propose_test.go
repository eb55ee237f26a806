package explain

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
	"pgregory.net/rapid"
)

// interfaceOf returns an interface, Store, with methods that have directives, as guards of
// the whole interface.
func interfaceOf(methods map[string]annotations.Policy, names ...string) Interface {
	i := Interface{Package: "example.com/app", Name: "Store"}
	for _, name := range names {
		p := methods[name]
		m := Method{Name: name, Directives: directives(p), policy: p}
		for k, d := range m.Directives {
			if d.Name == "breaker" || d.Name == "limit" || d.Name == "bulkhead" {
				m.Directives[k].State = "Store"
			}
		}
		i.Methods = append(i.Methods, m)
	}
	return i
}

// lasting returns n durations: all but some last one time, a hundredth another, and a
// thousandth a third.
func lasting(n uint64, p50, p99, p999 time.Duration) resil.Durations {
	return resil.Durations{{UpTo: p50, Count: n - n/50 - n/500}, {UpTo: p99, Count: n / 50}, {UpTo: p999, Count: n / 500}}
}

const ms = time.Millisecond

// profileOf is what a client of Store has seen in an hour that has one method, Get.
func profileOf(d resil.Durations, set func(*resil.ProfileSnapshot)) resil.ProfileSnapshot {
	n := d.Total()
	load := resil.Load{Attempts: n, AtOnce: 20, InSecond: 100}
	p := resil.ProfileSnapshot{Client: "Store", Interface: "Store", Seconds: 3600,
		Methods: []resil.MethodProfile{{Name: "Get", Calls: n, Answered: d, Attempts: d, Load: load}}}
	for _, kind := range []string{"breaker", "limit", "bulkhead"} {
		p.Guards = append(p.Guards, resil.GuardProfile{Kind: kind, Name: "Store", Load: load})
	}
	if set != nil {
		set(&p)
	}
	return p
}

// proposed returns the proposals and notes as lines.
func proposed(o *Observation) (lines []string) {
	for _, p := range o.Proposals {
		lines = append(lines, p.Place+": "+p.Line)
		for _, c := range p.Changes {
			lines = append(lines, fmt.Sprintf("  %s %s → %s: %s", c.Key, c.From, c.To, c.Reason))
		}
	}
	for _, n := range o.Notes {
		lines = append(lines, "note: "+n)
	}
	return lines
}

func TestProposals(t *testing.T) {
	usual := lasting(100_000, 10*ms, 100*ms, 200*ms)
	for _, tt := range []struct {
		name       string
		directives []string
		profile    resil.ProfileSnapshot
		want       []string
	}{
		{"numbers that fit", []string{"timeout 400ms", "hedge 80ms", "breaker slow=300ms", "limit 200/s", "bulkhead 40"}, profileOf(usual, nil), nil},
		{"a total that is too tight", []string{"timeout 150ms"}, profileOf(usual, nil), []string{
			"Store.Get: //resil:timeout 250ms",
			"  total 150ms → 250ms: it ends what is healthy: 0.2% of the answers took longer; p99 is 100ms and p99.9 is 200ms"}},
		{"an attempt that is too tight", []string{"timeout 3s attempt=90ms", "retry 3"}, profileOf(usual, nil), []string{
			"Store.Get: //resil:timeout 3s attempt=250ms",
			"  attempt 90ms → 250ms: it ends what is healthy: 2.2% of the answers took longer; p99 is 100ms and p99.9 is 200ms"}},
		{"limits that are too loose", []string{"timeout 10s"}, profileOf(usual, nil), []string{
			"Store.Get: //resil:timeout 250ms",
			"  total 10s → 250ms: p99 is 100ms and p99.9 is 200ms: a callee that hangs holds its callers 50 times as long"}},
		{"with few calls, p99 gets more room", []string{"timeout 10s"}, profileOf(lasting(5000, 10*ms, 100*ms, 100*ms), nil), []string{
			"Store.Get: //resil:timeout 200ms",
			"  total 10s → 200ms: p99 is 100ms: a callee that hangs holds its callers 80 times as long"}},
		{"no attempt limit under a retry", []string{"timeout 2s", "retry 3"}, profileOf(usual, nil), []string{
			"Store.Get: //resil:timeout 2s attempt=250ms",
			"  attempt  → 250ms: without it an attempt that hangs takes all of the 2s, and is never repeated; p99 is 100ms and p99.9 is 200ms"}},
		{"a total that leaves no time for retries", []string{"timeout 600ms attempt=250ms", "retry 3"}, profileOf(usual, nil), []string{
			"Store.Get: //resil:timeout 1s attempt=250ms",
			"  total 600ms → 1s: 3 attempts of 250ms and pauses of 150ms on average take 900ms, so that the last of them have no time"}},
		{"a total that is far above all attempts", []string{"timeout 10s attempt=250ms", "retry 3"}, profileOf(usual, nil), []string{
			"Store.Get: //resil:timeout 1s attempt=250ms",
			"  total 10s → 1s: 3 attempts of 250ms and pauses of 150ms on average take 900ms: beyond that it only holds callers"}},
		{"attempts that were cut off, near the limit", []string{"timeout 150ms"}, profileOf(usual, func(p *resil.ProfileSnapshot) { p.Methods[0].TimedOut = 3000 }), []string{
			"Store.Get: //resil:timeout 150ms mode=observe",
			"  mode enforce → observe: 2.91% of the attempts were ended by a timeout, and p99 of the others is 100ms: how long they would have taken can only be seen without it"}},
		{"attempts that were cut off, far from it", []string{"timeout 1s"}, profileOf(usual, func(p *resil.ProfileSnapshot) { p.Methods[0].TimedOut = 3000 }), []string{
			"note: Store.Get: 2.91% of the attempts were ended by a timeout, and p99 of the others is 100ms: the callee hung, and the timeout did its work"}},
		{"a hedge beside too many", []string{"hedge 5ms"}, profileOf(usual, nil), []string{
			"Store.Get: //resil:hedge 10ms",
			"  delay 5ms → 10ms: a hedge starts beside 100% of the attempts, which is that much more load; after p95 it starts beside 5%"}},
		{"a hedge beside none", []string{"hedge 1s"}, profileOf(usual, nil), []string{
			"Store.Get: //resil:hedge 10ms",
			"  delay 1s → 10ms: a hedge starts beside 0% of the attempts, so that it helps hardly anybody; p95 is 10ms"}},
		{"a ratio that never counts", []string{"breaker min=20 window=10s"}, profileOf(lasting(2000, 10*ms, 10*ms, 10*ms), nil), []string{
			"Store: //resil:breaker min=20 window=1m20s",
			"  window 10s → 1m20s: at 0.556 calls a second a window of 10s has 5.56 calls, fewer than min=20, so that the ratio never counts"}},
		{"too quiet for any ratio", []string{"breaker"}, profileOf(lasting(50, 10*ms, 10*ms, 10*ms), nil), []string{
			"note: breaker Store: at 0.0139 calls a second no useful window has min=10 calls: only failures in a row open it"}},
		{"too short to know a rate", []string{"breaker"}, profileOf(usual, func(p *resil.ProfileSnapshot) { p.Seconds = 120 }), []string{
			"note: breaker Store: 2m are too short to know how many calls a window of 1m has; ten minutes are needed"}},
		{"slow counts healthy answers", []string{"breaker slow=90ms"}, profileOf(usual, nil), []string{
			"Store: //resil:breaker slow=200ms",
			"  slow 90ms → 200ms: 2.2% of the answers of Get took longer and count as failures; p99 is 100ms"}},
		{"slow is far away", []string{"breaker slow=10s"}, profileOf(usual, nil), []string{
			"Store: //resil:breaker slow=200ms",
			"  slow 10s → 200ms: p99 of Get, the slowest, is 100ms: the callee would be ill long before"}},
		{"a bulkhead that is nearly full", []string{"bulkhead 22"}, profileOf(usual, nil), []string{
			"Store: //resil:bulkhead 30",
			"  calls 22 → 30: 27.8 attempts a second that take 12.2ms on average are 0.338 at once on average (Little's law), and 20 at most were seen"}},
		{"a bulkhead that holds nothing back", []string{"bulkhead 1000"}, profileOf(usual, nil), []string{
			"Store: //resil:bulkhead 30",
			"  calls 1000 → 30: 27.8 attempts a second that take 12.2ms on average are 0.338 at once on average (Little's law), and 20 at most were seen: a callee that hangs would hold 1000 callers"}},
		{"a bulkhead that refused", []string{"bulkhead 20"}, profileOf(usual, func(p *resil.ProfileSnapshot) { p.Guards[2].Refused = 7 }), []string{
			"Store: //resil:bulkhead 20 mode=observe",
			"  mode enforce → observe: it refused 7 calls; how many places they would have taken can only be seen without it"}},
		{"a limit that is nearly reached", []string{"limit 110/s"}, profileOf(usual, nil), []string{
			"Store: //resil:limit 150/s",
			"  rate 110/s → 150/s: 27.8 attempts a second on average, and 100 at most in one second; raise it if the callee allows that"}},
		{"a limit that observes and would refuse", []string{"limit 50/s mode=observe"}, profileOf(usual, func(p *resil.ProfileSnapshot) { p.Guards[1].Refused = 7 }), []string{
			"Store: //resil:limit 150/s mode=observe",
			"  rate 50/s → 150/s: 27.8 attempts a second on average, and 100 at most in one second; raise it if the callee allows that"}},
		{"a limit that nobody comes near", []string{"limit 5000/s"}, profileOf(usual, nil), []string{
			"Store: //resil:limit 300/s",
			"  rate 5000/s → 300/s: 27.8 attempts a second on average, and 100 at most in one second: a loop that runs away would go unnoticed up to 50 times that"}},
		{"few attempts", []string{"timeout 10s", "limit 1/s", "bulkhead 1"}, profileOf(lasting(999, 10*ms, 10*ms, 10*ms), nil), []string{
			"note: Store.Get: 999 answered attempts are too few to propose from; 1000 are needed",
			"note: limit Store: 999 attempts in 1h are too few to propose from; 1000 in a minute are needed",
			"note: bulkhead Store: 999 attempts in 1h are too few to propose from; 1000 in a minute are needed"}},
		{"guards by key", []string{"limit 1/s per=peer"}, profileOf(usual, func(p *resil.ProfileSnapshot) { p.Guards[1].Keyed = true }), []string{
			"note: limit Store: kept by key, and the profile does not tell keys apart"}},
		{"what would not go with another policy", []string{"timeout 10s", "limit 100/m wait=5s"}, profileOf(usual, func(p *resil.ProfileSnapshot) { p.Guards = nil }), []string{
			"note: Store.Get: //resil:timeout 250ms would fit better, but with the other policies of Get wait=5s does not end within the timeout of 250ms; shorten it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := []Interface{interfaceOf(map[string]annotations.Policy{"Get": policyOf(t, tt.directives...)}, "Get")}
			var guards []resil.GuardProfile
			for _, g := range tt.profile.Guards { // those that there are
				for _, d := range tt.directives {
					if name, _, _ := strings.Cut(d, " "); name == g.Kind {
						guards = append(guards, g)
					}
				}
			}
			tt.profile.Guards = guards
			unmatched, matched := Observe(list, []resil.ProfileSnapshot{tt.profile})
			if unmatched != nil || !matched {
				t.Errorf("%v, %t", unmatched, matched)
			}
			if diff := cmp.Diff(tt.want, proposed(list[0].Observed)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Proposals can be written as they are, go together with all other policies, and once they
// are followed the same profile brings no other for the same directive.
func TestProposalsCanBeFollowed(t *testing.T) {
	durations := rapid.Custom(func(t *rapid.T) resil.Durations {
		p50 := time.Duration(rapid.Int64Range(int64(50*time.Microsecond), int64(2*time.Second)).Draw(t, "p50"))
		p99 := p50 + time.Duration(rapid.Int64Range(1, int64(5*time.Second)).Draw(t, "p99"))
		p999 := p99 + time.Duration(rapid.Int64Range(1, int64(20*time.Second)).Draw(t, "p999"))
		return lasting(rapid.Uint64Range(500, 1_000_000).Draw(t, "n"), p50, p99, p999)
	})
	options := map[string][]string{
		"timeout":  {"1s", "20ms", "5m", "attempt=100ms", "attempt=10s", "30s attempt=50ms", "3s attempt=2s mode=observe"},
		"retry":    {"3", "10 initial=1ms", "2 backoff=constant", "5 mode=observe"},
		"breaker":  {"slow=50ms", "slow=4s", "min=100 window=10s", "ratio=off", "mode=observe"},
		"limit":    {"1/s", "10000/s", "60/m wait=10ms", "100/s burst=20 mode=observe"},
		"bulkhead": {"1", "10000", "30 wait=10ms", "5 mode=observe"},
		"hedge":    {"1ms", "2s max=2", "50ms mode=observe"},
	}
	rapid.Check(t, func(rt *rapid.T) {
		var p annotations.Policy
		for _, name := range directive.Names(resil.Policies{}) {
			args := rapid.SampledFrom(append([]string{""}, options[name]...)).Draw(rt, name)
			if args == "" {
				continue
			}
			words, _ := directive.Words(args)
			if _, problems := directive.Refine(&p, name, words); problems != nil {
				t.Fatal(problems)
			}
		}
		p.Complete()
		if len(p.Check()) > 0 {
			rt.Skip()
		}
		profile := profileOf(durations.Draw(rt, "durations"), func(s *resil.ProfileSnapshot) {
			s.Seconds = rapid.Float64Range(1, 100_000).Draw(rt, "seconds")
			s.Methods[0].TimedOut = rapid.SampledFrom([]uint64{0, 3, 100_000}).Draw(rt, "timedOut")
			for k := range s.Guards {
				s.Guards[k].Refused = rapid.SampledFrom([]uint64{0, 100}).Draw(rt, "refused")
				s.Guards[k].Load.AtOnce = rapid.Uint64Range(1, 5000).Draw(rt, "atOnce")
				s.Guards[k].Load.InSecond = rapid.Uint64Range(1, 50_000).Draw(rt, "inSecond")
			}
		})
		var followed []string
		for range 3 {
			list := []Interface{interfaceOf(map[string]annotations.Policy{"Get": p}, "Get")}
			Observe(list, []resil.ProfileSnapshot{profile})
			for _, proposal := range list[0].Observed.Proposals {
				line, isDirective := strings.CutPrefix(proposal.Line, "//resil:")
				name, args, _ := strings.Cut(line, " ")
				words, problems := directive.Words(args)
				if !isDirective || len(problems) > 0 {
					rt.Fatalf("%s: %v", proposal.Line, problems)
				}
				for _, was := range followed {
					if was == name {
						rt.Fatalf("after following the proposal for %s there is another: %v", name, proposal)
					}
				}
				if proposal.Changes[0].Key != "mode" { // what it sees then is another profile
					followed = append(followed, name)
				}
				if _, problems := directive.Refine(&p, name, words); len(problems) > 0 {
					rt.Fatalf("%s: %v", proposal.Line, problems)
				}
			}
			p.Complete()
			if problems := p.Check(); len(problems) > 0 {
				rt.Fatalf("%v: %v", list[0].Observed.Proposals, problems)
			}
		}
	})
}

func TestProfilesThatMatchNothing(t *testing.T) {
	store := interfaceOf(map[string]annotations.Policy{"Get": policyOf(t, "breaker")}, "Get")
	twin := Interface{Package: "example.com/other", Name: "Twin"}
	other := Interface{Package: "example.com/app", Name: "Twin"}
	profiles := []resil.ProfileSnapshot{
		{Interface: "Stor"}, {Interface: "Twin"}, {Interface: "Elsewhere"},
		{Interface: "Store", Client: "eu", Methods: []resil.MethodProfile{{Name: "Gte"}}, Guards: []resil.GuardProfile{{Kind: "breaker", Name: "Stores"}, {Kind: "breaker", Name: "Store"}}},
		{Interface: "Store", Client: "us"},
	}
	list := []Interface{store, twin, other}
	unmatched, matched := Observe(list, profiles)
	want := []string{
		"Elsewhere: no interface of this name has directives in these packages",
		"Stor: no interface of this name has directives in these packages; did you mean Store?",
		"Store.Gte: the interface has no such method; did you mean Get?",
		"Twin: there are interfaces of this name in example.com/other and example.com/app; name one of the packages",
		"breaker Stores: Store has no such guard; did you mean breaker Store?",
	}
	if diff := cmp.Diff(want, unmatched); diff != "" || !matched {
		t.Error(matched, diff)
	}
	if diff := cmp.Diff([]string{"eu", "us"}, list[0].Observed.Clients); diff != "" {
		t.Error(diff)
	}
	if _, matched := Observe(list, profiles[:1]); matched {
		t.Error("a profile of nothing matches")
	}
}

func TestReadProfiles(t *testing.T) {
	const one = `{"client":"eu","interface":"Store","seconds":1,"methods":[],"guards":[],"new":1}`
	for text, want := range map[string]int{
		one: 1, `{"profiles":[` + one + `,` + one + `],"page":{}}`: 2, `{"profiles":[]}`: 0,
		`{"interface":"Store","seconds":1e300}`: -1, `{"interface":"Store","seconds":-1}`: -1,
		`{"interface":"Store","methods":[{"name":"Get"},{"name":"Get"}]}`: -1, `{"interface":"Store","guards":[{"kind":"limit","name":"a"},{"kind":"limit","name":"a"}]}`: -1,
		`{"interface":"Store","methods":[{"name":"Get","calls":18446744073709551615}]}`: -1, `{"interface":"Store","methods":[{"name":"Get","answered":[[1,18446744073709551615]]}]}`: -1,
		`{}`: -1, `[]`: -1, `x`: -1, `{"profiles":[{}]}`: -1, `{"interface":"Store","methods":[{"attempts":[[2,1],[1,1]]}]}`: -1,
	} {
		profiles, err := ReadProfiles([]byte(text))
		if (err != nil) != (want < 0) || err == nil && len(profiles) != want {
			t.Errorf("%s: %d profiles, %v", text, len(profiles), err)
		}
	}
}

// Whatever has been seen, however the time goes by, no proposal ends or refuses what is usual:
// a limit of time is not below p99, nor one of load below the most that was seen.
func TestProposalsAdmitWhatWasSeen(t *testing.T) {
	lengths := rapid.Custom(func(t *rapid.T) resil.Durations {
		var d resil.Durations
		at := time.Duration(0)
		for range rapid.IntRange(1, 4).Draw(t, "buckets") {
			most := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 100 * time.Hour, math.MaxInt64}).Draw(t, "most")
			if at >= most {
				break
			}
			at += time.Duration(rapid.Int64Range(1, int64(most-at)).Draw(t, "at"))
			d = append(d, resil.DurationBucket{UpTo: at, Count: rapid.Uint64Range(1, 100_000).Draw(t, "count")})
		}
		return d
	})
	options := map[string][]string{
		"timeout":  {"1s", "20ms", "5m", "100h", "attempt=100ms", "attempt=10s", "30s attempt=50ms", "5m attempt=2s"},
		"retry":    {"3", "10 initial=1ms", "1000000 initial=700h max=720h", "2 backoff=constant"},
		"breaker":  {"slow=50ms", "slow=4s", "min=100 window=10s"},
		"limit":    {"1/s", "10000/s", "1000/m", "100000/1h", "60/m wait=10m", "1000/10ms"},
		"bulkhead": {"1", "10000", "30 wait=10m"},
		"hedge":    {"1ms", "2s max=2"},
	}
	rapid.Check(t, func(rt *rapid.T) {
		var p annotations.Policy
		for _, name := range directive.Names(resil.Policies{}) {
			if args := rapid.SampledFrom(append([]string{""}, options[name]...)).Draw(rt, name); args != "" {
				words, _ := directive.Words(args)
				directive.Refine(&p, name, words)
			}
		}
		p.Complete()
		if len(p.Check()) > 0 {
			rt.Skip()
		}
		count := func(name string) uint64 {
			return rapid.OneOf(rapid.Uint64Range(0, 5_000), rapid.Uint64Range(0, 1<<53)).Draw(rt, name)
		}
		calls, attempts := lengths.Draw(rt, "calls"), lengths.Draw(rt, "attempts")
		load := resil.Load{Attempts: count("attempts"), AtOnce: count("atOnce"), InSecond: count("inSecond")}
		profile := resil.ProfileSnapshot{Client: "Store", Interface: "Store", Seconds: rapid.SampledFrom([]float64{0, 1e-9, 61, 3600, 86_400, 1e300}).Draw(rt, "seconds"),
			Methods: []resil.MethodProfile{{Name: "Get", Calls: calls.Total(), Answered: calls, Attempts: attempts, Load: load}}}
		for _, kind := range []string{"breaker", "limit", "bulkhead"} {
			profile.Guards = append(profile.Guards, resil.GuardProfile{Kind: kind, Name: "Store", Load: load})
		}
		if err := profile.Check(); err != nil {
			rt.Skip(err)
		}
		list := []Interface{interfaceOf(map[string]annotations.Policy{"Get": p}, "Get")}
		Observe(list, []resil.ProfileSnapshot{profile})
		if _, err := json.Marshal(list[0].Observed); err != nil {
			rt.Fatal(err)
		}
		for _, proposal := range list[0].Observed.Proposals {
			name, args, _ := strings.Cut(strings.TrimPrefix(proposal.Line, "//resil:"), " ")
			words, _ := directive.Words(args)
			var next annotations.Policy
			if _, problems := directive.Refine(&next, name, words); len(problems) > 0 {
				rt.Fatalf("%s: %v", proposal.Line, problems)
			}
			next.Complete()
			for _, c := range proposal.Changes {
				below := false
				switch name + " " + c.Key {
				case "timeout total":
					below = next.Timeout.Total < calls.Quantile(0.99) && (calls.Total() >= enoughP99 || next.Timeout.Total < p.Timeout.Total)
				case "timeout attempt":
					below = next.Timeout.Attempt < attempts.Quantile(0.99) && next.Timeout.Attempt != next.Timeout.Total
				case "breaker slow":
					below = next.Breaker.Slow < attempts.Quantile(0.99)
				case "hedge delay":
					below = next.Hedge.Delay < attempts.Quantile(0.95)
				case "bulkhead calls":
					below = uint64(next.Bulkhead.Calls) < load.AtOnce
				case "limit rate":
					second := max(float64(next.Limit.Rate.Count), float64(next.Limit.Rate.Count)/next.Limit.Rate.Per.Seconds())
					below = second < float64(load.InSecond) && next.Limit.Rate.Count < p.Limit.Rate.Count
				}
				if below {
					rt.Errorf("%s: %s %s → %s is below what was seen: %s", proposal.Line, c.Key, c.From, c.To, c.Reason)
				}
			}
		}
	})
}

// Names come out of files that anybody may have written, and go to terminals.
func TestNamesInProfilesArePrintable(t *testing.T) {
	profiles, err := ReadProfiles([]byte(`{"client":"a\u001b[2Jb\u202e","interface":"Store\u0007","methods":[{"name":"Get\n"}],"guards":[{"kind":"\u0000","name":"x\u009b"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	p := profiles[0]
	for got, want := range map[string]string{p.Client: "a\ufffd[2Jb\ufffd", p.Interface: "Store\ufffd", p.Methods[0].Name: "Get\ufffd", p.Guards[0].Kind: "\ufffd", p.Guards[0].Name: "x\ufffd"} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
