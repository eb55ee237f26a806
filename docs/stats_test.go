package docs_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// statsTypes are those whose fields stats.md speaks of.
var statsTypes = []reflect.Type{
	reflect.TypeFor[resil.Stats](), reflect.TypeFor[resil.MethodStats](), reflect.TypeFor[resil.BreakerStats](),
	reflect.TypeFor[resil.LimitStats](), reflect.TypeFor[resil.BulkheadStats](), reflect.TypeFor[resil.BudgetStats](),
	reflect.TypeFor[resil.FleetStats](),
}

// TestStatsNames looks in the code for each name on the page.
func TestStatsNames(t *testing.T) {
	known := map[string]bool{"Debug": true} // a level of slog
	for _, typ := range statsTypes {
		for field := range typ.Fields() {
			known[field.Name] = true
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[*resil.Client](), reflect.TypeFor[resil.Stats](), reflect.TypeFor[*resil.CircuitBreaker](), reflect.TypeFor[*resil.Error](), reflect.TypeFor[*ResilientOrders]()} {
		for method := range typ.Methods() {
			known[method.Name] = true
		}
	}
	for name := range shown(read(t, "stats.md")) {
		if !known[name] {
			t.Errorf("stats.md speaks of %s, and nothing has that name", name)
		}
	}
}

// TestStatsAreComplete looks on the page for each number of a snapshot.
func TestStatsAreComplete(t *testing.T) {
	page := shown(read(t, "stats.md"))
	for _, typ := range statsTypes {
		for field := range typ.Fields() {
			switch field.Name {
			case "Client", "Name", "Key", "Keyed": // say what the numbers belong to
				continue
			}
			if field.IsExported() && field.Type.Kind() != reflect.Slice && field.Type != reflect.TypeFor[resil.BudgetStats]() && !page[field.Name] {
				t.Errorf("stats.md does not speak of %s of %s", field.Name, typ.Name())
			}
		}
	}
}

// TestStatsSymptoms looks in the table of symptoms for each outcome, each class of a
// failure and each guard that only observes.
func TestStatsSymptoms(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "stats.md"), "\n## By symptom\n")
	table, _, _ = strings.Cut(table, "\n## ")
	first := map[string]bool{}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for name := range shown(cells[1]) {
				first[name] = true
			}
		}
	}
	for field := range reflect.TypeFor[resil.MethodStats]().Fields() {
		switch field.Name {
		case "Name", "Calls", "Succeeded", "Attempts", "Success", // are well
			"Infrastructure", "CanceledAttempts", "PanickedAttempts": // show as outcomes
			continue
		}
		if !first[field.Name] {
			t.Errorf("no symptom is %s", field.Name)
		}
	}
}

var code = regexp.MustCompile("`(?:[A-Za-z]+\\([a-z]*\\)\\.|[a-z]+\\.)*(?:Client\\.)?([A-Z][A-Za-z]+)(?:\\([^`]*\\))?`")

// shown returns the names in code on a page, but for those of package resil and of
// contexts, which other tests look for.
func shown(page string) map[string]bool {
	names := map[string]bool{}
	for _, m := range code.FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[0], "`resil.") && !strings.HasPrefix(m[0], "`context.") {
			names[m[1]] = true
		}
	}
	return names
}
