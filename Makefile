# Needs Go only. Every module of the repository is covered, wherever its go.mod
# lies.
GO          ?= go
FUZZTIME    ?= 10s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
MODULES     := $(shell find . -name go.mod -not -path '*/testdata/*' -exec dirname {} \;)

# Go's race detector needs cgo, and so a C compiler.
RACE := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)

.PHONY: demo test lint golden fuzz bench corpus

# Generate, build and run the quickstart.
demo:
	$(GO) generate ./examples/...
	$(GO) run ./examples/quickstart

# Run every test of every module, under the race detector.
test:
	@test -n "$(RACE)" || echo "no C compiler found: testing without the race detector"
	@set -e; for dir in $(MODULES); do \
		echo "test $$dir"; (cd $$dir; $(GO) test $(RACE) -timeout 30m ./...); \
	done

# Check formatting, go.mod files, vet, staticcheck, and that generated code is fresh.
lint:
	@ugly=$$(find . -name '*.go' -not -path '*/testdata/*' -exec gofmt -l {} +); \
		test -z "$$ugly" || { echo "gofmt would change:"; echo "$$ugly"; exit 1; }
	@set -e; bin=$$(mktemp -d); trap 'rm -rf $$bin' EXIT; \
	$(GO) build -o $$bin ./cmd/resilgen; \
	for dir in $(MODULES); do \
		echo "lint $$dir"; \
		(cd $$dir; $(GO) mod tidy -diff; $(GO) vet ./...; $(GO) run $(STATICCHECK) ./...; $$bin/resilgen -check ./...; $(GO) vet -vettool=$$bin/resilgen ./...); \
	done

# Rewrite the golden files after a wanted change; read the diff.
golden:
	$(GO) test ./generator/... ./analyzer/... ./cmd/... -update

# Run each fuzz target for FUZZTIME.
fuzz:
	@set -e; for file in $$(grep -rl '^func Fuzz' --include='*_test.go' .); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$file); do \
			echo "fuzz $$target"; \
			(cd $$(dirname $$file); $(GO) test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) .); \
		done; \
	done

# Race the wrappers against other libraries, and their generation against other
# generators, and write docs/performance.md. It takes the better part of an hour.
bench:
	cd benchmarks; $(GO) run . -write ../docs/performance.md
	cd benchmarks; $(GO) run ./generate -write ../docs/performance.md

# Wrap every exported interface of the standard library and of the modules in
# corpus/go.mod; compile and vet the wrappers.
corpus:
	cd corpus; $(GO) run .

# The flags make chance repeatable: see benchmarks/simulate.
.PHONY: simulate
simulate: ## Simulate fleets of clients and write docs/behaviour.md; takes about ten minutes.
	cd benchmarks && $(GO) test ./simulate -run '^TestWrite$$' -v -count 1 -timeout 1h -tags seeded -ldflags -checklinkname=0 -args -write ../../docs
