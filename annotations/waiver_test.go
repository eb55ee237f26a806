package annotations_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWaiversReachWhatDirectivesReach(t *testing.T) {
	_, _, methods, diagnostics := resolve(t, `
//resil:allow RG032 "the server deduplicates"
//resil:allow RG033 methods=B,D reason="the reader is rewound"
type S interface {
	A() error
	//resil:allow RG032 "twice is once"
	B() error
	//resil:allow RG032 "once more"
	E_E
	C()
	//resil:skip
	D() error
}`)
	if len(diagnostics) > 0 {
		t.Error(lines(diagnostics))
	}
	got := map[string]string{}
	for name, m := range methods {
		var codes []string
		for _, w := range m.Waivers {
			codes = append(codes, w.Code)
		}
		got[name] = strings.Join(codes, " ")
	}
	want := map[string]string{"A": "RG032", "B": "RG032 RG033 RG032", "E": "RG032 RG032", "C": "", "D": "RG032 RG033"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("waivers (-want +got):\n%s", diff)
	}
}

func TestWaiversReport(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"no code", `
//resil:allow
type S interface { A() error }`, `
s.go:4:1: allow needs the code of a check and a reason: write //resil:allow RG032 "why it is safe here"; the codes are RG032, RG033 and RG034 [RG026]
`},
		{"no reason", `
//resil:allow RG032 ""
//resil:allow RG033
type S interface { A() error }`, `
s.go:4:1: allow needs a reason: write //resil:allow RG032 "why it is safe here" [RG026]
s.go:5:1: allow needs a reason: write //resil:allow RG033 "why it is safe here" [RG026]
`},
		{"a reason without quotes", `
//resil:allow RG032 it is safe
type S interface { A() error }`, `
s.go:4:24: allow takes 2 words without a key: put a value with spaces in quotes [RG001]
`},
		{"what cannot be waived", `
//resil:allow RG030 "no need"
//resil:allow RG099 "no such"
//resil:allow code=timeout reason="no code"
//resil:allow R032 "nearly"
type S interface { A() error }`, `
s.go:4:15: RG030 cannot be waived: only RG032, RG033 and RG034 can [RG026]
s.go:5:15: RG099 cannot be waived: only RG032, RG033 and RG034 can [RG026]
s.go:6:20: timeout cannot be waived: only RG032, RG033 and RG034 can [RG026]
s.go:7:15: unknown code "R032"; did you mean "RG032"? [RG026]
`},
		{"twice", `
//resil:allow RG032 "once"
//resil:allow RG032 "twice"
//resil:allow RG033 "another"
type S interface {
	//resil:allow RG032 "once"
	//resil:allow RG032 "twice"
	A() error
}`, `
s.go:5:1: allow RG032 stands twice above this interface: merge the two, or name the methods of one with methods= [RG013]
s.go:9:2: allow RG032 stands twice here: merge the two [RG013]
`},
		{"overlapping", `
//resil:allow RG032 "once" methods=A
//resil:allow RG032 "twice" methods=A,B
//resil:allow RG033 "another" methods=A
type S interface { A() error; B() error }`, `
s.go:5:29: methods=A,B matches A, which methods= of the allow on line 4 matches too: match each method only once [RG017]
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
