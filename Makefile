# Noctis: `make run` starts the appliance here, `make test` proves it. CONTRIBUTING.md explains the inner loop.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

BIN := .venv/bin
FRONTEND := app/frontend
FRONTEND_SOURCES := $(shell find $(FRONTEND) \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)
QUIETLY := $(CURDIR)/scripts/quietly
PARTS := lint types unit integration frontend browser molecule

.PHONY: help run test quick bench bundle $(PARTS) venv venv-dev deploy-tools frontend-build system-packages format lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: frontend-build  ## Start the appliance on this machine (http://127.0.0.1:8000/)
	@PYTHONPATH=app exec $(BIN)/python -m noctis.operations.embedded

test: system-packages venv-dev  ## Run every check and test; installs what it needs
	@exec $(BIN)/python scripts/run_tests.py

quick: system-packages venv-dev  ## The same without containers
	@exec $(BIN)/python scripts/run_tests.py build lint types frontend unit integration browser

bench: system-packages venv-dev frontend-build  ## Compares the speed with Orthanc and DCMTK (BENCH=quick: the short form)
	@PYTHONPATH=app exec $(BIN)/python -m tests.support.servers $(BIN)/python -m tests.bench \
	  $(if $(filter quick,$(BENCH)),--quick) $(if $(BENCH_PARTS),--only $(BENCH_PARTS)) $(if $(BENCH_JSON),--json $(BENCH_JSON))

bundle: venv-dev  ## Pack what installs an appliance without a registry of Python packages (DEBS=yes: Debian's too)
	@$(BIN)/python scripts/build-bundle $(if $(DEBS),--debs)

# Several parts asked for at once run in one go, so that all of them run even if the first one fails.
ASKED := $(filter $(PARTS),$(MAKECMDGOALS))
$(PARTS): system-packages venv-dev
	@[ $@ != $(firstword $(ASKED)) ] || exec $(BIN)/python scripts/run_tests.py --stream $(ASKED)

lint:         ## Linters, formatting, import directions, missing migrations
types:        ## mypy and tsc
unit:         ## Fast tests that need no other program
integration:  ## Tests with real programs, on PostgreSQL with Redis; where it matters on SQLite too
frontend:     ## Tests of the front end
browser:      ## Tests in Chromium
molecule:     ## Deploys site.yml into containers and proves it

format:  ## Format Python, templates and TypeScript
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .
	@$(BIN)/djhtml --tabwidth 2 app/noctis
	@cd $(FRONTEND) && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent format

lock: venv-dev  ## Resolve pyproject.toml anew into requirements/*.txt
	@scripts/lock

system-packages:
	@scripts/install-system-packages

venv:
	@scripts/install-python-packages embedded

venv-dev:
	@scripts/install-python-packages dev

deploy-tools:  ## Install Ansible into .venv, for site.yml
	@scripts/install-python-packages deploy

frontend-build: venv
	@$(MAKE) $(FRONTEND)/dist/.vite/manifest.json

$(FRONTEND)/node_modules/.package-lock.json: $(FRONTEND)/package.json $(FRONTEND)/package-lock.json
	@echo "Installing the front end's packages …"
	@cd $(FRONTEND) && PATH="$(CURDIR)/$(BIN):$$PATH" $(QUIETLY) npm ci --no-audit --no-fund
	@touch $@

$(FRONTEND)/dist/.vite/manifest.json: $(FRONTEND)/node_modules/.package-lock.json $(FRONTEND_SOURCES)
	@echo "Building the front end …"
	@cd $(FRONTEND) && PATH="$(CURDIR)/$(BIN):$$PATH" $(QUIETLY) npm run build
	@touch $@

clean:  ## Remove what was built or installed here; var/ (the data) stays
	rm -rf .venv $(FRONTEND)/node_modules $(FRONTEND)/dist dist test-results
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
