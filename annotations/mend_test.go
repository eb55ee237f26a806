package annotations

import "testing"

func TestMend(t *testing.T) {
	for comment, want := range map[string]string{
		"// resil:retry 3":          "//resil:retry 3",
		"//resil : Retry 3 max=1s ": "//resil:retry 3 max=1s",
		"//RESIL:braeker":           "//resil:breaker",
		"//resil:retri 3":           "//resil:retry 3",
		"//resil:retry 3":           "", // as it should be
		"// resil:unheardof":        "",
		"// resil: the tool":        "",
		"/* resil:retry 3 */":       "", // more may stand behind it
		"// about resil:retry":      "",
	} {
		if got, ok := Mend(comment); got != want || ok != (want != "") {
			t.Errorf("Mend(%q) = %q, %t, want %q", comment, got, ok, want)
		}
	}
}
