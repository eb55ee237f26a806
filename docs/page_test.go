package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPage runs the program that the page shows, asks it as curl would, and compares the
// answer with the page.
func TestPage(t *testing.T) {
	const path = "page.md"
	page := read(t, path)
	dir := scratchModule(t)
	for _, b := range blocks(page) {
		if file, ok := strings.CutPrefix(b.mark, "file: "); ok {
			write(t, filepath.Join(dir, file), b.text)
		}
	}
	if diagnostics := generate(t, dir); diagnostics != "" {
		t.Fatal(diagnostics)
	}
	flags := regexp.MustCompile(`-(H|d) ("[^"]*"|\S+)`)
	var headers, form []string
	for _, m := range flags.FindAllStringSubmatch(marked(t, page, "run: curl").text, -1) {
		text := "`" + strings.ReplaceAll(strings.Trim(m[2], `"`), "$OPS_TOKEN", "0123456789abcdef") + "`"
		if m[1] == "H" {
			headers = append(headers, text)
		} else {
			form = append(form, text)
		}
	}
	write(t, filepath.Join(dir, "main_test.go"), strings.NewReplacer("HEADERS", strings.Join(headers, ", "), "FORM", strings.Join(form, ", ")).Replace(runPage))
	cmd := exec.Command("go", "test", "-run", ".", "-v", ".")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, got, ok := strings.Cut(string(out), "JSON\n")
	got, _, ok2 := strings.Cut(got, "END\n")
	if !ok || !ok2 {
		t.Fatalf("the test prints no JSON:\n%s", out)
	}
	shown := marked(t, page, "generated:json")
	if *update {
		write(t, path, page[:shown.start]+got+page[shown.end:])
		return
	}
	if shown.text != got {
		t.Errorf("the page shows\n%s, and the answer is\n%s", shown.text, got)
	}
}

// runPage is the test of the program.
const runPage = `package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	resilpage "github.com/resilgen/resilgen/integrations/page"
)

func TestServer(t *testing.T) {
	server, users := newServer(t.Context(), "0123456789abcdef")
	serve := httptest.NewServer(server.Handler)
	defer serve.Close()
	ask := func(method string, headers []string, form string) (code int, answer *json.Decoder) {
		r, err := http.NewRequest(method, serve.URL+"/debug/resil", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		if form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, json.NewDecoder(response.Body)
	}
	for range 10 {
		users.GetName(context.Background(), 1)
	}

	var state resilpage.State
	if _, answer := ask("GET", []string{"Accept: application/json"}, ""); answer.Decode(&state) != nil {
		t.Fatal("no JSON")
	}
	finding := state.Clients[0].Findings[0]
	finding.Text = "circuit breaker open for 1 s: calls are not sent, next try in 29 s" // chance makes it 27 to 33
	finding.Since = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	shown, _ := json.MarshalIndent(map[string]any{
		"status":  state.Status,
		"summary": state.Summary,
		"clients": []any{map[string]any{"id": state.Clients[0].ID, "name": state.Clients[0].Name, "findings": []any{finding}}},
	}, "", "  ")
	fmt.Println("JSON")
	fmt.Println(string(shown))
	fmt.Println("END")

	form := url.Values{}
	for _, pair := range []string{FORM} {
		name, value, _ := strings.Cut(pair, "=")
		form.Set(name, value)
	}
	code, answer := ask("POST", []string{HEADERS}, form.Encode())
	var action resilpage.Action
	if err := answer.Decode(&action); err != nil || code != http.StatusOK || action.Error != "" {
		t.Fatalf("%d, %v: %+v", code, err, action)
	}
	if s := users.Resilience().Stats().Breaker("Users").State.String(); s != "forced-open" {
		t.Errorf("the breaker is %s", s)
	}
}
`

// The table says of each kind of finding what to do.
func TestPageExplainsFindings(t *testing.T) {
	page := read(t, "page.md")
	kinds := regexp.MustCompile(`Kind: +"([^"]+)"`).FindAllStringSubmatch(read(t, "../integrations/page/findings.go")+read(t, "../integrations/page/fleet.go"), -1)
	if len(kinds) < 10 {
		t.Fatalf("%d kinds of findings are found", len(kinds))
	}
	for _, m := range kinds {
		kind := strings.TrimSuffix(m[1], "-")
		if !strings.Contains(page, "(`"+kind) && !strings.Contains(page, "`"+kind+"`") {
			t.Errorf("the page does not say what to do about %s", kind)
		}
	}
}
