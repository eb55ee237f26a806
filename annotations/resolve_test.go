package annotations_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/annotations"
	resil "github.com/resilgen/resilgen/runtime"
)

// methods lists an interface's methods by its syntax: guardable ones return an
// error, and an embedded Name_A_b stands for one with the methods A, which is
// guardable, and b, which is not.
func methods(i *annotations.Interface) (all []annotations.Target) {
	literal, ok := i.Spec.Type.(*ast.InterfaceType)
	if !ok {
		return []annotations.Target{{Name: "Read"}}
	}
	for _, element := range literal.Methods.List {
		signature, _ := element.Type.(*ast.FuncType)
		if len(element.Names) > 0 {
			all = append(all, annotations.Target{Name: element.Names[0].Name, Element: element,
				Guardable: signature != nil && signature.Results != nil})
			continue
		}
		for _, name := range strings.Split(types.ExprString(element.Type), "_")[1:] {
			all = append(all, annotations.Target{Name: name, Element: element, Guardable: ast.IsExported(name)})
		}
	}
	return all
}

func resolve(t *testing.T, decls string) (fset *token.FileSet, wrapper string, resolved map[string]annotations.Resolved, diagnostics []annotations.Diagnostic) {
	t.Helper()
	fset, interfaces, diagnostics := read(t, decls)
	if len(interfaces) != 1 {
		t.Fatalf("read %d interfaces, want 1", len(interfaces))
	}
	all, more := interfaces[0].Resolve(fset, methods(interfaces[0]))
	resolved = map[string]annotations.Resolved{}
	for _, m := range all {
		resolved[m.Name] = m
	}
	return fset, interfaces[0].WrapperName(), resolved, annotations.Sort(append(diagnostics, more...))
}

// brief writes a policy as the directives that make it up, off for none.
func brief(m annotations.Resolved) string {
	var parts []string
	p := m.Policy
	if p.Timeout != nil {
		parts = append(parts, fmt.Sprintf("timeout %s %s", p.Timeout.Total, p.Timeout.Attempt))
	}
	if p.Retry != nil {
		parts = append(parts, fmt.Sprintf("retry %d %s %s %s", p.Retry.Attempts, p.Retry.Initial, p.Retry.Max, p.Retry.Budget))
	}
	if p.Breaker != nil {
		parts = append(parts, fmt.Sprintf("breaker %v %s %s", p.Breaker.Consecutive, p.Breaker.Open, m.States["breaker"]))
	}
	if p.Limit != nil {
		parts = append(parts, fmt.Sprintf("limit %s %d %s", p.Limit.Rate, p.Limit.Burst, m.States["limit"]))
	}
	if p.Bulkhead != nil {
		parts = append(parts, fmt.Sprintf("bulkhead %d %s", p.Bulkhead.Calls, m.States["bulkhead"]))
	}
	for directive, s := range p.Scopes {
		if s.Per != "" || s.Keys != 0 || s.Mode != resil.ModeEnforce {
			parts = append(parts, fmt.Sprintf("%s per=%s keys=%d mode=%s", directive, s.Per, s.Keys, s.Mode))
		}
	}
	if p.Hedge != nil {
		parts = append(parts, fmt.Sprintf("hedge %s %d", p.Hedge.Delay, p.Hedge.Max))
	}
	if p.Fallback != nil {
		parts = append(parts, "fallback "+p.Fallback.Func)
	}
	if p.Classify != nil {
		parts = append(parts, "classify "+strings.Join(p.Classify.By, ","))
	}
	if p.Idempotent != nil {
		parts = append(parts, strings.TrimSpace("idempotent "+p.Idempotent.Token))
	}
	if p.Skip {
		parts = append(parts, "skip")
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "; ")
}

func TestResolveRefines(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      map[string]string
	}{
		{"the interface reaches what takes a context and returns an error", `
//resil:timeout 2s
type S interface { A() error; B() }`,
			map[string]string{"A": "timeout 2s 0s", "B": "none"}},
		{"methods= reaches just those, guardable or not", `
//resil:timeout 2s methods=Get*,B
type S interface { GetA() error; GetB() error; List() error; B() }`,
			map[string]string{"GetA": "timeout 2s 0s", "GetB": "timeout 2s 0s", "List": "none", "B": "timeout 2s 0s"}},
		{"methods= refines the interface whatever their order", `
//resil:retry initial=1s methods=A
//resil:retry 5 initial=2s
type S interface { A() error; B() error }`,
			map[string]string{"A": "retry 5 1s 30s 20%", "B": "retry 5 2s 30s 20%"}},
		{"defaults, interface, methods=, method, word by word", `
//resil:retry 5 initial=2s budget=10%
//resil:retry initial=1s methods=A
type S interface {
	//resil:retry max=9s
	A() error
}`,
			map[string]string{"A": "retry 5 1s 9s 10%"}},
		{"defaults, interface, embedded", `
//resil:retry 5 initial=2s
type S interface {
	//resil:retry max=9s
	E_A_b
	B() error
}`,
			map[string]string{"A": "retry 5 2s 9s 20%", "b": "none", "B": "retry 5 2s 30s 20%"}},
		{"all methods of an embedded interface are reached if none is guardable", `
type S interface {
	//resil:breaker
	E_a_b
}`,
			map[string]string{"a": "breaker auto 30s S[E_a_b]", "b": "breaker auto 30s S[E_a_b]"}},
		{"a method's own directive reaches it always", `
//resil:timeout 1s methods=B
type S interface {
	//resil:breaker
	A()
	B() error
}`,
			map[string]string{"A": "breaker auto 30s S.A", "B": "timeout 1s 0s"}},
		{"off drops, a later word brings back the defaults", `
//resil:retry 5 initial=2s
//resil:retry off methods=A,B
type S interface {
	//resil:retry max=1s
	A() error
	B() error
	//resil:retry off
	C() error
}`,
			map[string]string{"A": "retry 3 100ms 1s 20%", "B": "none", "C": "none"}},
		{"burst is computed last", `
//resil:limit 10/s
type S interface {
	A() error
	//resil:limit 20/m
	B() error
	//resil:limit 20/m burst=3
	C() error
}`,
			map[string]string{"A": "limit 10/s 10 S", "B": "limit 20/m 20 S.B", "C": "limit 20/m 3 S.C"}},
		{"state lives where the last directive of its name stands", `
//resil:breaker
//resil:limit 10/s
//resil:breaker open=1s methods=Get*,List
//resil:breaker off methods=Off*
type S interface {
	GetA() error
	List() error
	//resil:breaker
	GetB() error
	OffA() error
	//resil:breaker consecutive=7
	OffB() error
	//resil:limit 5/s
	E_E
	Other() error
}`,
			map[string]string{
				"GetA":  "breaker auto 1s S[Get*,List]; limit 10/s 10 S",
				"List":  "breaker auto 1s S[Get*,List]; limit 10/s 10 S",
				"GetB":  "breaker auto 1s S.GetB; limit 10/s 10 S",
				"OffA":  "limit 10/s 10 S",
				"OffB":  "breaker 7 30s S.OffB; limit 10/s 10 S",
				"E":     "breaker auto 30s S; limit 5/s 5 S[E_E]",
				"Other": "breaker auto 30s S; limit 10/s 10 S",
			}},
		{"per=method gives each method its own state, at every level", `
//resil:breaker per=method
//resil:bulkhead 5
//resil:bulkhead wait=1s per=method methods=B,C
type S interface {
	A() error
	B() error
	//resil:bulkhead 7
	C() error
	//resil:bulkhead 2 per=method
	E_D_F
}`,
			map[string]string{
				"A": "breaker auto 30s S.A; bulkhead 5 S",
				"B": "breaker auto 30s S.B; bulkhead 5 S.B",
				"C": "breaker auto 30s S.C; bulkhead 7 S.C",
				"D": "breaker auto 30s S.D; bulkhead 2 S.D",
				"F": "breaker auto 30s S.F; bulkhead 2 S.F",
			}},
		{"per=method takes a key away that comes from further out, and its keys", `
//resil:breaker per=id keys=9 mode=observe
type S interface {
	A(id int) error
	//resil:breaker per=method
	B() error
}`,
			map[string]string{
				"A": "breaker auto 30s S; breaker per=id keys=9 mode=observe",
				"B": "breaker auto 30s S.B; breaker per= keys=0 mode=observe",
			}},
		{"a key's bound has a default", `
//resil:limit 1/s per="f(a, b)"
type S interface { A(a, b int) error }`,
			map[string]string{"A": "limit 1/s 1 S; limit per=f(a, b) keys=10000 mode=enforce"}},
		{"hedges and fallbacks refine as others do", `
//resil:hedge 50ms
//resil:fallback
type S interface {
	A() error
	//resil:hedge max=2
	//resil:fallback f
	B() error
	//resil:fallback off
	C() error
}`,
			map[string]string{"A": "hedge 50ms 1; fallback ", "B": "hedge 50ms 2; fallback f", "C": "hedge 50ms 1"}},
		{"skip drops every policy, skip off restores it", `
//resil:timeout 1s
//resil:skip methods=A,B
type S interface {
	A() error
	//resil:skip off
	B() error
	//resil:skip
	C() error
}`,
			map[string]string{"A": "skip", "B": "timeout 1s 0s", "C": "skip"}},
		{"the one written budget is the client's", `
//resil:retry 3 methods=A
//resil:retry 4 budget=5% methods=B
type S interface {
	A() error
	B() error
	//resil:retry budget=off
	C() error
}`,
			map[string]string{"A": "retry 3 100ms 30s 5%", "B": "retry 4 100ms 30s 5%", "C": "retry 3 100ms 30s 0%"}},
		{"lists and bare directives", `
//resil:classify all,ours
//resil:idempotent methods=A
type S interface { A() error; B() error }`,
			map[string]string{"A": "classify all,ours; idempotent", "B": "classify all,ours"}},
		{"an interface defined from another", `
//resil:timeout 1s methods=Read
type S io.Reader`,
			map[string]string{"Read": "timeout 1s 0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, methods, diagnostics := resolve(t, tt.src)
			if len(diagnostics) > 0 {
				t.Error(lines(diagnostics))
			}
			got := map[string]string{}
			for name, m := range methods {
				got[name] = brief(m)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("policies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveRemembersOrigins(t *testing.T) {
	fset, _, methods, _ := resolve(t, `
//resil:retry 5 initial=2s
//resil:breaker open=1s
//resil:breaker off methods=B
type S interface {
	//resil:retry initial=1s
	A() error
	B() error
	//resil:breaker off
	C() error
}`)
	want := map[string]string{
		"A":     "breaker@5:1 breaker.open@5:17 retry@8:2 retry.attempts@4:15 retry.initial@8:16",
		"B":     "breaker@6:17 retry@4:1 retry.attempts@4:15 retry.initial@4:17",
		"C":     "breaker@11:18 retry@4:1 retry.attempts@4:15 retry.initial@4:17",
		"own A": "retry", "own B": "", "own C": "breaker",
	}
	got := map[string]string{}
	for name, m := range methods {
		var at []string
		for _, field := range slices.Sorted(maps.Keys(m.Origins)) {
			pos := fset.Position(m.Origins[field].Pos)
			at = append(at, fmt.Sprintf("%s@%d:%d", field, pos.Line, pos.Column))
		}
		got[name] = strings.Join(at, " ")
		got["own "+name] = strings.Join(slices.Sorted(maps.Keys(m.OnMethod)), " ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
}

func TestResolveRemembersWhereValuesBegin(t *testing.T) {
	fset, _, methods, _ := resolve(t, `
//resil:breaker per=a
//resil:limit 1/s per="a"
type S interface { A(a int) error }`)
	for field, want := range map[string]int{"breaker.per": 21, "limit.rate": 15, "limit.per": 24} {
		if got := fset.Position(methods["A"].Origins[field].ValuePos).Column; got != want {
			t.Errorf("the value of %s begins in column %d, want %d", field, got, want)
		}
	}
}

func TestResolveKeepsTheOrderOfMethods(t *testing.T) {
	fset, interfaces, _ := read(t, `
//resil:timeout 1s
type S interface { B() error; A() error }`)
	all, _ := interfaces[0].Resolve(fset, methods(interfaces[0]))
	if len(all) != 2 || all[0].Name != "B" || all[1].Name != "A" {
		t.Errorf("got %v", all)
	}
}

func TestResolvedPoliciesAreTheMethodsOwn(t *testing.T) {
	_, _, methods, _ := resolve(t, `
//resil:timeout 1s
type S interface { A() error; B() error }`)
	methods["A"].Policy.Timeout.Total = time.Hour
	if got := methods["B"].Policy.Timeout; *got != (resil.Timeout{Total: time.Second}) {
		t.Errorf("B's timeout became %+v with A's", got)
	}
}

func TestResolveNamesTheWrapper(t *testing.T) {
	for src, want := range map[string]string{
		"//resil:wrap\ntype Store interface{}":           "ResilientStore",
		"//resil:wrap\ntype store interface{}":           "resilientStore",
		"//resil:wrap\ntype östore interface{}":          "resilientÖstore",
		"//resil:wrap name=Safe\ntype store interface{}": "Safe",
	} {
		_, wrapper, _, diagnostics := resolve(t, src)
		if wrapper != want || len(diagnostics) > 0 {
			t.Errorf("%s: name %q, want %q\n%s", src, wrapper, want, lines(diagnostics))
		}
	}
}

func TestResolveReports(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"a glob that matches nothing", `
//resil:timeout 1s methods=Gte*,List
type S interface { GetA() error; GetB() error }`, `
s.go:4:28: methods: "Gte*" matches no method; did you mean "Get*"? [RG016]
s.go:4:33: methods: "List" matches no method; the methods are GetA and GetB [RG016]
`},
		{"settings that mean nothing", `
//resil:bulkhead 3 keys=5
//resil:timeout 50ms
//resil:hedge 1s
type S interface {
	A() error
	//resil:breaker per=method
	B() error
}`, `
s.go:4:20: keys=5 means nothing without per=EXPR; write what the bulkhead is kept by, or leave keys out [RG008]
s.go:6:15: a delay of 1s is not over within the timeout of 50ms; shorten it [RG008]
s.go:9:18: per=method has no effect above a method, which has its own state anyway: remove it, or write per=(method) if you mean a parameter of that name [RG014]
`},
		{"a malformed glob, a mistyped name, a quoted list", `
//resil:timeout 1s methods=GetA,[x
//resil:limit 5/s methods="GetA, GetBB"
type S interface { GetA() error; GetB() error }`, `
s.go:4:33: methods: "[x" is not a valid pattern: write a method's name, * for any letters, ? for one letter, [a-z] for one of several [RG016]
s.go:5:27: methods: "GetBB" matches no method; did you mean "GetB"? [RG016]
`},
		{"a glob with the shell's negation", `
//resil:timeout 1s methods=[!G]*
//resil:limit 5/s methods=[^G]*
type S interface { GetA(); Put() }`, `
s.go:4:28: methods: "[!G]*" uses ! to exclude letters: write [^a-z] instead of [!a-z] [RG016]
`},
		{"many methods are not all listed", `
//resil:timeout 1s methods=Xyzzy
type S interface { A() error; B() error; C() error; D() error; E() error; F() error }`, `
s.go:4:28: methods: "Xyzzy" matches no method; the methods are A, B, C, D and 2 more [RG016]
`},
		{"overlap within a name is wrong, across names it is not", `
//resil:timeout 1s methods=Get*
//resil:timeout 2s methods=*A,B
//resil:limit 5/s methods=*
type S interface { GetA() error; GetB() error; B() error }`, `
s.go:5:20: methods=*A,B matches GetA, which methods= of the timeout on line 4 matches too: match each method only once [RG017]
`},
		{"an overlap is not two settings for one state as well", `
//resil:breaker open=1s methods=GetA
//resil:breaker methods=Get*
type S interface { GetA() error; GetB() error }`, `
s.go:5:17: methods=Get* matches GetA, which methods= of the breaker on line 4 matches too: match each method only once [RG017]
`},
		{"an interface directive that reaches nothing", `
//resil:wrap
//resil:timeout 1s
type S interface { A() }`, `
s.go:5:1: timeout reaches no method: no method of S takes a context and returns an error; name the methods with methods= [RG018]
`},
		{"an embedded interface's directive that reaches nothing", `
type S interface {
	//resil:timeout 1s
	E
	A() error
}`, `
s.go:5:2: no method of S comes from E: put the directive above an embedded interface that has methods [RG018]
`},
		{"a method's directives that a skip undoes", `
//resil:skip methods=*
type S interface {
	//resil:timeout 1s
	A() error
}`, `
s.go:6:2: timeout has no effect, because A is skipped on line 4: write //resil:skip off beside it, or remove it [RG019]
`},
		{"a policy that cannot take effect, once for all methods", `
//resil:timeout 1s
//resil:retry jitter=none initial=800ms
type S interface { A() error; B() error }`, `
s.go:5:1: only 2 of 3 attempts can start within the timeout of 1s; lower attempts or initial, or raise the timeout [RG008]
`},
		{"a refined policy that cannot take effect names its methods", `
//resil:timeout 10s
//resil:retry jitter=none initial=800ms
//resil:timeout 1s methods=A,B
type S interface {
	A() error
	B() error
	C() error
	//resil:timeout 1s
	D() error
}`, `
s.go:5:1: for A, B and D, only 2 of 3 attempts can start within the timeout of 1s; lower attempts or initial, or raise the timeout [RG008]
`},
		{"on the method itself the position says which", `
//resil:timeout 1s
type S interface {
	//resil:timeout attempt=2s
	A() error
}`, `
s.go:6:18: attempt=2s is longer than the whole call's 1s; shorten it or raise the total [RG008]
`},
		{"what lacks its value", `
//resil:timeout
type S interface {
	//resil:limit burst=3
	A() error
}`, `
s.go:4:1: timeout needs a limit: write //resil:timeout 2s, or attempt=500ms [RG007]
s.go:6:2: limit needs a rate: write //resil:limit 100/s [RG007]
`},
		{"what Read reported is not reported again", `
//resil:timeout 2
//resil:limit 5
//resil:retry initial=1 max=50ms
//resil:cache
type S interface {
	//resil:retry budget=10%
	A() error
	//resil:retry budget=off
	B() error
}`, `
s.go:4:17: total: "2": write a duration with its unit, such as 250ms, 2s or 1m30s [RG005]
s.go:5:15: rate: "5": write a rate such as 100/s, 10/60s or 1000/m [RG005]
s.go:6:23: initial: "1": write a duration with its unit, such as 250ms, 2s or 1m30s [RG005]
s.go:7:1: unknown directive "cache": resilgen does not cache: write the cache as a wrapper of the interface, and guard what it wraps [RG002]
s.go:9:16: the retry budget belongs to the whole client: write budget=10% above the interface; here only budget=off is allowed [RG014]
`},
		{"nor what may follow from a timeout that could not be read", `
//resil:timeout 1s
//resil:retry jitter=none initial=800ms
type S interface {
	//resil:timeout 1min
	A() error
}`, `
s.go:7:18: total: "1min": write a duration with its unit, such as 250ms, 2s or 1m30s [RG005]
`},
		{"two budgets", `
//resil:retry budget=10% methods=A
//resil:retry budget=20% methods=B
type S interface { A() error; B() error }`, `
s.go:5:15: the retry budget belongs to the whole client, but A has 10% and B has 20%: write it once, above the interface [RG020]
`},
		{"shared state with two settings", `
//resil:breaker open=1s methods=A
type S interface {
	//resil:breaker consecutive=3
	E_A_B_C
}`, `
s.go:6:2: A and B share the breaker S[E_A_B_C], but outer directives give them different settings: write all settings here, or give one of them a breaker of its own [RG020]
`},
		{"words that another makes pointless, unless it stands further in", `
//resil:retry factor=3 initial=1s
type S interface {
	//resil:retry backoff=constant
	A() error
	//resil:retry backoff=linear factor=4
	B() error
	//resil:retry jitter=decorrelated backoff=fibonacci
	C() error
	//resil:retry 1 max=2s
	D() error
	//resil:breaker ratio=off min=3
	E() error
	//resil:retry 1
	F() error
}`, `
s.go:8:31: factor applies only to exponential backoff: remove it, or write backoff=exponential [RG008]
s.go:10:36: decorrelated jitter does not use backoff: remove one of the two [RG008]
s.go:12:18: max applies to retries, and with one attempt there are none: raise attempts, or write //resil:retry off [RG008]
s.go:14:28: min applies to ratio, which is off: remove it, or write ratio=50% [RG008]
`},
		{"further out the pointless word is the one further in", `
//resil:retry backoff=constant
type S interface {
	//resil:retry factor=3
	A() error
	//resil:retry factor=3 backoff=exponential
	B() error
	//resil:retry off
	C() error
}`, `
s.go:6:16: factor applies only to exponential backoff: remove it, or write backoff=exponential [RG008]
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, diagnostics := resolve(t, tt.src)
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), lines(diagnostics)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}
