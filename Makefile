# Needs Go and a POSIX shell. Modules are downloaded where the module cache lacks
# them; lint also downloads the tools below.
GO          ?= go
FUZZTIME    ?= 10s
GOVULNDB    ?= https://vuln.go.dev
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Every folder with a go.mod. The root module is ".", the others are nested.
MODULES := $(patsubst %/go.mod,%,$(sort $(shell find . -name go.mod -not -path '*/testdata/*')))
NESTED  := $(patsubst ./%,%,$(filter-out .,$(MODULES)))

# The race detector needs cgo, and so a C compiler.
RACE := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Generate, build and run the quickstart; with PAGE=1 it then serves a live page of its clients.
	$(GO) generate ./examples/...
	$(GO) run ./examples/quickstart $(if $(PAGE),-page)

.PHONY: test
test: ## Test the root module, examples included, with -race if there is a C compiler.
	$(if $(RACE),,@echo "no C compiler: testing without the race detector")
	$(GO) test $(RACE) -timeout 30m ./...

.PHONY: test-nested
test-nested: $(NESTED:%=test-%) ## Test the nested modules; make test-FOLDER tests one.

.PHONY: $(NESTED:%=test-%)
$(NESTED:%=test-%): test-%:
	cd $* && $(GO) test $(RACE) -timeout 30m ./...

# The libraries of the corpus take long to compile, and twice as long for both ways.
test-corpus: RACE :=

# Simulations of shared limits have one goroutine, and take minutes with the detector.
test-benchmarks: RACE :=

# Tests that start a server skip where it is missing, and fail there if CI=true.
SERVERS := postgresql mariadb-server redis-server nats-server etcd-server rabbitmq-server prometheus chromium

.PHONY: servers
servers: ## Install the servers that tests start; only as root on Debian.
	.ci/servers $(SERVERS)

test-benchmarks/fleet test-corpus test-examples/clients test-examples/fleet test-examples/production test-integrations/otel/instrumentation test-integrations/page/browser test-integrations/prometheus test-integrations/redis: servers

# staticcheck and our own analyzer look at every package that a module imports, and those
# of the corpus are too many.
.PHONY: lint
lint: vuln ## Check formatting, go.mod files, vet, staticcheck, vulnerabilities and generated code.
	@ugly=$$(find . -name '*.go' -not -path '*/testdata/*' -exec gofmt -l {} +); \
		test -z "$$ugly" || { echo "gofmt would change:"; echo "$$ugly"; exit 1; }
	@set -e; bin=$$(mktemp -d); trap 'rm -rf $$bin' EXIT; \
	$(GO) build -o $$bin ./cmd/resilgen; \
	for dir in $(MODULES); do \
		echo "lint $$dir"; \
		(cd $$dir; $(GO) mod tidy -diff; $(GO) vet ./...; $$bin/resilgen -check ./...); \
		test $$dir != ./corpus || continue; \
		(cd $$dir; $(GO) run $(STATICCHECK) ./...; $(GO) vet -vettool=$$bin/resilgen ./...); \
	done

# A machine that cannot reach GOVULNDB goes without this check.
.PHONY: vuln
vuln: ## Look for known vulnerabilities in the code that each module calls.
	@for dir in $(MODULES); do \
		echo "govulncheck $$dir"; \
		out=$$(cd $$dir && $(GO) run $(GOVULNCHECK) -db $(GOVULNDB) ./... 2>&1) && continue; \
		cause=$$(echo "$$out" | grep '^govulncheck: fetching vulnerabilities: ') || { echo "$$out"; exit 1; }; \
		echo "skipped: $$cause"; break; \
	done

.PHONY: golden
golden: ## Write the golden files and scripts anew after a wanted change; read the diff.
	$(GO) test ./generator/... ./analyzer/... ./cmd/... ./docs/... -update

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME, 10s unless set.
	@set -e; for file in $$(grep -rl '^func Fuzz' --include='*_test.go' .); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$file); do \
			echo "fuzz $$target"; \
			(cd $$(dirname $$file); $(GO) test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) .); \
		done; \
	done

.PHONY: bench
bench: ## Race other libraries and generators and write docs/performance.md; takes about an hour.
	cd benchmarks && $(GO) run . -write ../docs/performance.md
	cd benchmarks && $(GO) run ./generate -write ../docs/performance.md

.PHONY: corpus
corpus: servers ## Wrap every exported interface of the standard library and of large modules, and clients of real libraries; vet the wrappers; let real servers fail.
	cd corpus && $(GO) run . && $(GO) run ./clients
	cd corpus && $(GO) test -count=1 -v ./servers

# The flags make chance repeatable: see benchmarks/simulate.
.PHONY: simulate
simulate: ## Simulate fleets of clients and write docs/behaviour.md and docs/fleet-figures.md; takes about fifteen minutes.
	cd benchmarks && $(GO) test ./simulate -run '^TestWrite$$' -v -count 1 -timeout 1h -tags seeded -ldflags -checklinkname=0 -args -write ../../docs
	cd benchmarks && $(GO) test ./simulate/fleet -run '^TestWrite$$' -v -count 1 -timeout 1h -tags seeded -ldflags -checklinkname=0 -args -write ../../../docs

.PHONY: fleet
fleet: servers ## Play faults with eight processes, one backend and a real Redis, and write what was measured into docs/fleet.md; takes about three minutes.
	cd benchmarks/fleet && $(GO) run . -write ../../docs
