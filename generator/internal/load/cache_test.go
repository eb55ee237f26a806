package load_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/resilgen/resilgen/generator"
	"github.com/resilgen/resilgen/generator/explain"
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/generator/internal/output"
)

const project = `
-- go.mod --
module example.com/app

go 1.26

require (
	example.com/other v0.0.0
	example.com/unused v0.0.0
)

replace (
	example.com/other => ../other
	example.com/unused => ../unused
)
-- store/store.go --
package store

import (
	"context"

	"example.com/app/item"
	"example.com/other"
)

//resil:retry 3
type Store interface {
	Get(ctx context.Context, id item.ID) (other.Thing, error)
}
-- store/store_test.go --
package store
-- item/item.go --
package item

type ID = string
-- plain/plain.go --
package plain
-- plain/plain_windows.go --
package plain
-- empty/readme --
-- ../other/go.mod --
module example.com/other

go 1.26
-- ../unused/go.mod --
module example.com/unused

go 1.26
-- beside/go.mod --
module example.com/beside

go 1.26
-- ../other/other.go --
package other

type Thing struct{}
`

// TestNothingIsLoadedIfNothingChanged makes one change after another to a module, and
// runs the generator twice after each.
func TestNothingIsLoadedIfNothingChanged(t *testing.T) {
	top, dir := unpack(t, project)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) {
		t.Helper()
		write(t, filepath.Join(dir, name), content)
	}
	add := func(name, content string) {
		t.Helper()
		old, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		write(name, string(old)+content)
	}
	remove := func(name string) {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	eachEntry := func(f func(path string) error) {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(cache, "resilgen", "*"))
		if len(found) == 0 || err != nil {
			t.Fatalf("the cache is empty: %v", err)
		}
		for _, path := range found {
			if err := f(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	const stays, loads = false, true
	for _, step := range []struct {
		what string
		do   func()
		want bool
	}{
		{"the first run", func() {}, loads},
		{"nothing", func() {}, stays},
		{"a source is edited", func() { add("store/store.go", "\n// more\n") }, loads},
		{"a plain package is annotated", func() {
			add("plain/plain.go", "\nimport \"context\"\n\n//resil:retry\ntype T interface { Get(context.Context) error }\n")
		}, loads},
		{"a file outside the build is edited", func() { add("plain/plain_windows.go", "\n// more\n") }, loads},
		{"a test is edited", func() { add("store/store_test.go", "\n// more\n") }, loads},
		{"a file is added", func() { write("store/more.go", "package store\n") }, loads},
		{"a file is removed", func() { remove("store/more.go") }, loads},
		{"a file that is no Go is added", func() { write("store/readme", "") }, stays},
		{"a package is added", func() { write("empty/empty.go", "package empty\n") }, loads},
		{"a folder is added", func() { write("new/readme", "") }, loads},
		{"a package is removed", func() { remove("empty/empty.go") }, loads},
		{"what is imported is edited", func() { write("item/item.go", "package item\n\ntype ID = int\n") }, loads},
		{"a replaced module's package is edited", func() { add("../other/other.go", "\n// more\n") }, loads},
		{"a replaced module's go.mod is edited", func() { add("../other/go.mod", "\n// more\n") }, loads},
		{"a replaced module that is not imported is edited", func() { add("../unused/go.mod", "\n// more\n") }, loads},
		{"a module that is not used is edited", func() { add("beside/go.mod", "\n// more\n") }, loads}, // it is below ./...
		{"a workspace is made", func() { write("go.work", "go 1.26\n\nuse (\n\t.\n\t./beside\n)\n") }, loads},
		{"a module of the workspace gets a go.sum", func() { write("beside/go.sum", "") }, loads},
		{"the workspace is edited", func() { add("go.work", "\n// more\n") }, loads},
		{"the workspace is gone", func() { remove("go.work") }, stays},
		{"go.mod is edited", func() { add("go.mod", "\n// more\n") }, loads},
		{"go.sum appears", func() { write("go.sum", "") }, loads},
		{"an output is edited", func() { add("store/store_resil.go", "\n// more\n") }, loads},
		{"an output is removed", func() { remove("store/store_resil.go") }, loads},
		{"a package becomes a module", func() { write("plain/go.mod", "module example.com/plain\n") }, loads},
		{"and a package again", func() { remove("plain/go.mod") }, loads},
		{"build tags are set", func() { t.Setenv("GOFLAGS", "-tags=special") }, loads},
		{"another system is chosen", func() { t.Setenv("GOOS", "windows") }, loads},
		{"the settings are as before", func() { t.Setenv("GOOS", ""); t.Setenv("GOFLAGS", "") }, stays},
		{"the cache is cut short", func() { eachEntry(func(path string) error { return os.Truncate(path, 20) }) }, loads},
		{"the files of the cache are empty", func() { eachEntry(func(path string) error { return os.Truncate(path, 0) }) }, loads},
		{"the cache is gone", func() { eachEntry(os.Remove) }, loads},
	} {
		step.do()
		for k, want := range []bool{step.want, stays} {
			age(t, top)
			result, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}})
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Diagnostics) > 0 {
				t.Fatalf("%s: %v", step.what, result.Diagnostics)
			}
			loaded := !slices.Contains(result.Details, "nothing has changed since the last run")
			if loaded != want {
				t.Errorf("run %d after this: %s: loaded is %t, want %t", k+1, step.what, loaded, want)
			}
			output := filepath.Join(dir, "store/store_resil.go")
			if !slices.Contains(slices.Concat(result.Written, result.Unchanged), output) {
				t.Errorf("run %d after this: %s: %s is not in the result", k+1, step.what, output)
			}
			if text, _ := os.ReadFile(output); !strings.HasSuffix(string(text), "}\n") {
				t.Errorf("run %d after this: %s: the output is wrong", k+1, step.what)
			}
		}
	}
}

// TestImportsAreListedAgainAfterAChange makes one change after another, and asks whether
// the next run takes the imports of its packages from the cache.
func TestImportsAreListedAgainAfterAChange(t *testing.T) {
	top, dir := unpack(t, project)
	imports := []string{"context", "example.com/app/item", "example.com/other"}
	build := func() {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", "build", "./item", "example.com/other")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for _, step := range []struct {
		what string
		do   func()
		want bool
	}{
		{"nothing", func() {}, true},
		{"a source is edited", func() { write(t, filepath.Join(dir, "plain/plain.go"), "package plain // edited\n") }, true},
		{"an output is removed", func() { os.Remove(filepath.Join(dir, "store/store_resil.go")) }, true},
		{"what is imported is edited", func() { write(t, filepath.Join(dir, "item/item.go"), "package item\n\ntype ID = int\n") }, false},
		{"a replaced module is edited", func() {
			write(t, filepath.Join(dir, "../other/more.go"), "package other\n")
		}, false},
		{"go.sum appears", func() { write(t, filepath.Join(dir, "go.sum"), "") }, false},
		{"a source imports more", func() { imports = append(imports, "net/netip") }, false},
	} {
		build()
		for range 2 {
			age(t, top)
			if _, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}}); err != nil {
				t.Fatal(err)
			}
		}
		step.do()
		age(t, top)
		if got := loader(t, dir).HasGraph(imports); got != step.want {
			t.Errorf("after this: %s: cached is %t, want %t", step.what, got, step.want)
		}
	}
}

// TestPackagesAreListedAgainAfterAChange makes one change after another, and asks
// whether the next run takes its packages from the cache.
func TestPackagesAreListedAgainAfterAChange(t *testing.T) {
	top, dir := unpack(t, project)
	in := func(name, content string) func() {
		return func() { write(t, filepath.Join(dir, name), content) }
	}
	remove := func(name string) func() {
		return func() {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const plain = "package plain\n\nimport \"context\"\n\n"
	for _, step := range []struct {
		what string
		do   func()
		want bool
	}{
		{"nothing", func() {}, true},
		{"an output is removed", remove("store/store_resil.go"), true},
		{"an output is edited", in("store/store_resil.go", output.Header("x.go")+"\npackage store\n"), true},
		{"a source imports something", in("plain/plain.go", plain), false},
		{"a source is annotated", in("plain/plain.go", plain+"//resil:retry\ntype T interface { Get(context.Context) error }\n"), true},
		{"its annotation is gone", in("plain/plain.go", plain+"type T interface { Get(context.Context) error }\n"), true},
		{"a test is edited", in("store/store_test.go", "package store\n\nvar tested = true\n"), true},
		{"a test leaves its package", in("store/store_test.go", "package store_test\n"), false},
		{"a source gets a build constraint", in("plain/more.go", "//go:build windows\n\npackage plain\n"), false},
		{"a source loses it", in("plain/more.go", "package plain\n"), false},
		{"a source does not parse", in("plain/more.go", "package plain\n\nfunc {\n"), true},
		{"its imports do not parse", in("plain/more.go", "package plain\n\nimport {\n"), false},
		{"a source is gone", remove("plain/more.go"), false},
		{"an output is left without its source", in("plain/gone_resil.go", output.Header("x.go")+"\npackage plain\n"), true},
		{"a package is new", in("empty/empty.go", "package empty\n"), false},
		{"go.mod is edited", in("beside/go.mod", "module example.com/beside\n\ngo 1.25\n"), false},
		{"a package is a template", in("empty/empty.go", "package {{.Name}}\n"), false},
		{"it is cached", in("plain/plain.go", plain+"// edited\n"), true},
		{"a template is of another package", in("empty/other.go", "package other\n"), false},
		{"both are cached", in("plain/plain.go", plain), true},
	} {
		for range 2 {
			age(t, top)
			if _, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}}); err != nil {
				t.Fatal(err)
			}
		}
		step.do()
		age(t, top)
		if got := loader(t, dir).HasListing(); got != step.want {
			t.Errorf("after this: %s: cached is %t, want %t", step.what, got, step.want)
		}
		if _, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}}); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "store/store_resil.go")); err != nil {
			t.Errorf("after this: %s: %v", step.what, err)
		}
		if exists(filepath.Join(dir, "plain/gone_resil.go")) {
			t.Errorf("after this: %s: an output without a source is still there", step.what)
		}
		source, err := os.ReadFile(filepath.Join(dir, "plain/plain.go"))
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Contains(string(source), "//resil:"); exists(filepath.Join(dir, "plain/plain_resil.go")) != want {
			t.Errorf("after this: %s: the output of an annotated source is there: %t, want %t", step.what, !want, want)
		}
	}
}

// A package of which only outputs are left must be found until they are removed.
func TestAPackageOfOutputsIsNotCached(t *testing.T) {
	top, dir := unpack(t, project)
	orphan := filepath.Join(dir, "empty/gone_resil.go")
	write(t, orphan, output.Header("x.go")+"\npackage empty\n")
	for _, check := range []bool{true, true, false} {
		age(t, top)
		result, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}, Check: check})
		if err != nil {
			t.Fatal(err)
		}
		stale := slices.ContainsFunc(result.Stale, func(s generator.Stale) bool { return s.Path == orphan })
		if stale != check || exists(orphan) != check {
			t.Errorf("with Check %t: stale is %t, and the output is there: %t", check, stale, exists(orphan))
		}
	}
}

// A run in a folder that is a symbolic link finds the packages below it.
func TestALinkedFolderIsSearched(t *testing.T) {
	top, dir := unpack(t, project)
	link := filepath.Join(top, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	run := func() *generator.Result {
		t.Helper()
		age(t, dir)
		result, err := generator.Run(t.Context(), generator.Config{Dir: link, Patterns: []string{"./..."}})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	orphan := filepath.Join("empty", "gone_resil.go")
	write(t, filepath.Join(dir, orphan), output.Header("x.go")+"\n\n//go:build windows\n\npackage empty\n")
	write(t, filepath.Join(dir, "empty", "empty_windows.go"), "package empty\n")
	run()
	if exists(filepath.Join(dir, orphan)) {
		t.Error("an output without a source is still there")
	}
	run()
	if result := run(); !slices.Contains(result.Details, "nothing has changed since the last run") {
		t.Error("nothing has changed, and packages are loaded")
	}
	source, err := os.ReadFile(filepath.Join(dir, "store", "store.go"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "new", "store.go"), string(source))
	if want := filepath.Join(link, "new", "store_resil.go"); !slices.Contains(run().Written, want) {
		t.Errorf("a package is new, and %s is not written", want)
	}
}

// The folder of a workspace is often in no module.
func TestAWorkspaceIsCached(t *testing.T) {
	top, dir := unpack(t, project)
	write(t, filepath.Join(top, "go.work"), "go 1.26\n\nuse ./app\n")
	cfg := generator.Config{Dir: top, Patterns: []string{"./app/..."}}
	for _, step := range []struct {
		do   func()
		want bool
	}{
		{func() {}, false},
		{func() {}, true},
		{func() { write(t, filepath.Join(top, "go.work"), "go 1.26\n\nuse (\n\t./app\n\t./app/beside\n)\n") }, false},
		{func() {}, true},
		{func() { write(t, filepath.Join(dir, "go.sum"), "") }, false},
		{func() {}, true},
		{func() { write(t, filepath.Join(dir, "plain", "plain.go"), "package plain // edited\n") }, false},
	} {
		step.do()
		age(t, top)
		result, err := generator.Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if same := slices.Contains(result.Details, "nothing has changed since the last run"); same != step.want {
			t.Errorf("nothing has changed: %t, want %t", same, step.want)
		}
	}
}

// Packages that a run loads early may not be needed any more. The run waits for them
// before it looks for further packages.
func TestPackagesLoadedEarlyAreWaitedFor(t *testing.T) {
	top, dir := unpack(t, project)
	paths := strings.Fields(`archive/zip crypto/tls database/sql debug/dwarf debug/elf encoding/gob encoding/xml go/build
		go/types html/template image/png log/slog math/big mime/multipart net/http net/http/httptest net/http/httputil
		net/rpc net/smtp os/exec regexp runtime/pprof testing text/template`)
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build"}, paths...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	imports := "package plain\n\nimport \"context\"\n"
	for _, path := range paths {
		imports += "import _ " + strconv.Quote(path) + "\n"
	}
	write(t, filepath.Join(dir, "store", "store.go"),
		"package store\n\nimport \"context\"\n\n//resil:retry\ntype Store interface { Get(context.Context) error }\n")
	plain := filepath.Join(dir, "plain", "plain.go")
	write(t, plain, imports+"//resil:retry\ntype T interface { Get(context.Context) error }\n")
	age(t, top)
	if _, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}}); err != nil {
		t.Fatal(err)
	}
	write(t, plain, imports)
	if err := os.Remove(filepath.Join(dir, "plain", "plain_resil.go")); err != nil {
		t.Fatal(err)
	}
	l := loader(t, dir)
	if !l.HasGraph(paths) || !l.HasListing() {
		t.Fatal("nothing is cached")
	}
	if _, err := l.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if !l.Loads(path) {
			t.Errorf("%s is not loaded", path)
		}
	}
}

// The cache depends on the sources that the run has read, even if they change before the
// run ends.
func TestAChangeDuringARunIsSeenByTheNextRun(t *testing.T) {
	for _, change := range []struct {
		what string
		do   func(source string) error
	}{
		{"a source is removed", os.Remove},
		{"an older file takes its place", func(source string) error {
			older := source + ".older"
			if err := os.WriteFile(older, []byte("package store\n\nimport \"context\"\n\nvar _ context.Context\n"), 0o666); err != nil {
				return err
			}
			then := time.Now().Add(-2 * time.Hour)
			if err := os.Chtimes(older, then, then); err != nil {
				return err
			}
			return os.Rename(older, source)
		}},
	} {
		t.Run(change.what, func(t *testing.T) {
			top, dir := unpack(t, project)
			age(t, top)
			source := filepath.Join(dir, "store", "store.go")
			var failed error
			progress := func(doing string, done, _ int) {
				if doing == "type-checking" && done == 1 {
					failed = change.do(source)
				}
			}
			cfg := generator.Config{Dir: dir, Patterns: []string{"./..."}, Progress: progress}
			first, err := generator.Run(t.Context(), cfg)
			if err != nil || failed != nil || len(first.Written) != 1 {
				t.Fatalf("%v, %v, %v", first, err, failed)
			}
			cfg.Progress = nil
			second, err := generator.Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(second.Removed, first.Written) {
				t.Errorf("the next run removes %v of %v", second.Removed, first.Written)
			}
		})
	}
}

// A run loads a package without the outputs that it is to write there, and with those
// that it is to remove.
func TestAChangedOutputIsLoadedByTheNextRun(t *testing.T) {
	top, dir := unpack(t, project)
	const store = "package store\n\nimport \"context\"\n\n//resil:retry\ntype Store interface { Get(context.Context) error }\n"
	write(t, filepath.Join(dir, "store", "store.go"), store)
	write(t, filepath.Join(dir, "plain", "plain.go"), "package plain\n\nimport (\n\t\"context\"\n\n\t\"example.com/app/store\"\n)\n\n"+
		"//resil:retry\ntype T interface { Get(context.Context, *store.ResilientStore) error }\n")
	write(t, filepath.Join(dir, "runtime", "go.mod"), "module github.com/resilgen/resilgen\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "runtime", "runtime", "resil.go"), "package resil\n")
	write(t, filepath.Join(dir, "go.mod"), "module example.com/app\n\ngo 1.26\n\n"+
		"require github.com/resilgen/resilgen v0.0.0\n\nreplace github.com/resilgen/resilgen => ./runtime\n")
	run := func() *generator.Result {
		t.Helper()
		age(t, top)
		result, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	for range 2 {
		if result := run(); len(result.Diagnostics) > 0 {
			t.Fatal(result.Diagnostics)
		}
	}
	if result := run(); !slices.Contains(result.Details, "nothing has changed since the last run") {
		t.Error("nothing has changed, and packages are loaded")
	}
	write(t, filepath.Join(dir, "store", "store.go"), strings.Replace(store, "//resil:retry\n", "", 1))
	run()
	if result := run(); len(result.Diagnostics) != 1 {
		t.Errorf("a wrapper that is gone is referred to: %v", result.Diagnostics)
	}
}

// Files that the go command ignores do not count.
func TestAnIgnoredFileDoesNotUseAProfile(t *testing.T) {
	_, dir := unpack(t, project)
	write(t, filepath.Join(dir, "store", "store.go"), "package store\n\n//resil:profile slow\n//resil:retry 3\n")
	write(t, filepath.Join(dir, "store", "_ignored.go"),
		"package store\n\nimport \"context\"\n\n//resil:use slow\ntype T interface { Get(context.Context) error }\n")
	result, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}})
	if err != nil || len(result.Diagnostics) != 1 {
		t.Errorf("a profile is used in an ignored file only: %v, %v", result, err)
	}
}

// A leaving context is canceled when Err is called for the first time after leave is
// set.
type leaving struct {
	context.Context
	leave  bool
	cancel context.CancelFunc
}

func (c *leaving) Err() error {
	err := c.Context.Err()
	if c.leave {
		c.cancel()
	}
	return err
}

// Packages that are not found because the run was interrupted are not missing.
func TestAnInterruptedRunReportsNoMistakes(t *testing.T) {
	_, dir := unpack(t, project)
	write(t, filepath.Join(dir, "store", "store.go"), "package store\n\nimport \"context\"\n\n"+
		"//resil:retry\n//resil:classify app=encoding/csv.ErrQuote\ntype Store interface { Get(context.Context) error }\n")
	cfg := generator.Config{Dir: dir, Patterns: []string{"./..."}}
	for what, run := range map[string]func(context.Context) (any, error){
		"generating": func(ctx context.Context) (any, error) { return generator.Run(ctx, cfg) },
		"explaining": func(ctx context.Context) (any, error) { return explain.Packages(ctx, cfg) },
	} {
		inner, cancel := context.WithCancel(t.Context())
		defer cancel()
		ctx := &leaving{Context: inner, cancel: cancel}
		cfg.Progress = func(doing string, _, _ int) { ctx.leave = doing == "type-checking" }
		if result, err := run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %+v and the error %v, want %v", what, result, err, context.Canceled)
		}
	}
}

// loader returns the loader of the next run.
func loader(t *testing.T, dir string) *load.Loader {
	t.Helper()
	l, err := load.New(t.Context(), dir, []string{"./..."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// unpack writes an archive to the folder dir below top, and gives runs there a cache of
// their own.
func unpack(t *testing.T, archive string) (top, dir string) {
	t.Helper()
	env, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Fields(string(env))
	t.Setenv("GOCACHE", settings[0])
	t.Setenv("GOMODCACHE", settings[1])
	t.Setenv("GOFLAGS", "")
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	config, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(config, "go", "telemetry", "mode"), "off") // else the go command writes there when the test has ended
	top = t.TempDir()
	dir = filepath.Join(top, "app")
	for _, f := range txtar.Parse([]byte(archive)).Files {
		write(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	return top, dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// age sets the times of everything in a folder to an hour ago.
func age(t *testing.T, dir string) {
	t.Helper()
	then := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, then, then)
	})
	if err != nil {
		t.Fatal(err)
	}
}
