package annotations

import "testing"

func TestFix(t *testing.T) {
	for comment, want := range map[string]string{
		"// resil:retry 3":                       "//resil:retry 3",
		"//resil : Retry 3 max=1s ":              "//resil:retry 3 max=1s",
		"//RESIL:braeker":                        "//resil:breaker",
		"//resil:retri 3":                        "//resil:retry 3",
		"//resil:retry:3":                        "//resil:retry 3",
		"//Resil:Retry(3) max=2s":                "//resil:retry 3) max=2s", // the next message is about the parenthesis
		"//resil:Retry(3)":                       "//resil:retry 3",
		"//resil:limit=100/s":                    "//resil:limit 100/s",
		"//\u00a0resil:retry 3":                  "//resil:retry 3",
		"//\u200bresil\u00a0:\u00a0retry\u00a03": "//resil:retry 3",
		"///resil:retry 3":                       "//resil:retry 3",
		"//+resil:retry 3":                       "//resil:retry 3",
		"// @resil:retry 3":                      "//resil:retry 3",
		"//resilgen:retry 3":                     "//resil:retry 3",
		"//resil retry 3\r":                      "//resil:retry 3",
		"//resil.retry":                          "//resil:retry",
		"//resil:retry 3":                        "", // as it should be
		"// resil retry loops end":               "", // prose
		"//resil.Retry(3)":                       "", // code
		"//resil.retry(3)":                       "",
		"// resilgen: retry 3":                   "", // a message of the command
		"//resilgen:no such file":                "",
		"////resil:retry 3":                      "", // commented out
		"// resil:unheardof":                     "",
		"// resil: the tool":                     "",
		"/* resil:retry 3 */":                    "", // the comment may hold more
		"// about resil:retry":                   "",
	} {
		if got, ok := Fix(comment); got != want || ok != (want != "") {
			t.Errorf("Fix(%q) = %q, %t, want %q", comment, got, ok, want)
		}
	}
}
