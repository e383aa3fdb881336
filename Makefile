# The workshop: every gate of the project behind one word. `make help` lists them.
#
# What runs here is what runs in CI (.ci/run and .github/workflows/ci.yml call these targets).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
# The first interpreter that is new enough; PYTHON=/path/to/python overrides it.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
JOBS ?= 2
# uv installs what pip does in a tenth of the time; it is used where it is, and pip where it is not or fails.
UV ?= $(shell command -v uv 2>/dev/null)
INSTALL = install() { $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python --editable "$$1" ||) \
	$(BIN)/python -m pip install --quiet --editable "$$1"; }; install
BROWSER := $(firstword $(foreach b,chromium-headless-shell chromium chromium-browser google-chrome,$(shell command -v $(b) 2>/dev/null)))

# ALL=1 adds the slow tests, SLOW=1 runs those alone, COVERAGE=1 measures and demands coverage.
SELECT := $(if $(ALL),,$(if $(SLOW),slow,not slow))
SELECT := $(if $(BROWSER),$(SELECT),$(if $(SELECT),$(SELECT) and not browser,not browser))
COVER := $(if $(COVERAGE),--cov --cov-report=term)

WORKFLOWS := .github/workflows/*.yml
FORGES := github gitea gitlab plain
SHIPPED := build/init/github/$(WORKFLOWS) build/init/gitea/.gitea/workflows/*.yml

# The judge of the pages. Its version is fixed, so that a new rule of it is no surprise.
HTML_VALIDATE := build/html-validate/node_modules
HTML_VALIDATE_VERSION := html-validate@10.17.0

# And the judge of the types of its scripts.
TYPESCRIPT := build/typescript/node_modules
TYPESCRIPT_VERSION := typescript@5.9.3

.PHONY: help install engines demo serve test oldest test-all check gates lint types scripts workflows examples site-check lighthouse bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (PYTHON=/path/to/python)" >&2; exit 2; }
	$(PYTHON) -m venv "$(VENV)"
	@touch $@

# What the tool itself needs, for `demo` and `serve`.
$(VENV)/.runtime: $(VENV)/.made pyproject.toml
	$(INSTALL) .
	@touch $@

# And what working on it needs.
$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(INSTALL) '.[dev,fast]'
	@touch $@ $(VENV)/.runtime

install: $(VENV)/.dev ## create .venv with everything that development needs

# The engines that slow tests read the export for analytics with: 600 MB, so only where they are asked for.
$(VENV)/.engines: $(VENV)/.dev
	$(INSTALL) '.[engines]'
	@touch $@

engines: $(VENV)/.engines ## add DuckDB, pandas, Polars and Spark, for the tests of the export for analytics

demo: $(VENV)/.runtime ## check the living example, build its site, say where it is
	$(BIN)/itsm check
	$(BIN)/itsm site build
	@printf '\nThe site is built. Open it:\n  file://%s\n' "$(CURDIR)/build/site/index.html"
	@printf 'or serve it, rebuilding on every change:\n  make serve\n'

serve: $(VENV)/.runtime ## serve the site on the loopback address, rebuilding on change
	$(BIN)/itsm site serve

test: $(VENV)/.dev ## the tests, without the slow ones (browser tests where chromium is)
	@$(if $(BROWSER),:,echo 'no chromium here: the browser tests are left out')
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(if $(SELECT),-m "$(SELECT)") $(COVER) $(PYTEST)

# Versions below a bound of pyproject.toml are not promised; those at the bound are, and this proves it.
oldest: ## the quick tests with the oldest dependencies that pyproject.toml admits (with uv)
	@test -n "$(UV)" || { echo 'uv is needed here (UV=/path/to/uv)' >&2; exit 2; }
	mkdir -p build
	$(UV) pip compile --quiet --resolution lowest-direct --python-version 3.11 --extra fast pyproject.toml -o build/oldest.txt
	$(UV) venv --quiet --clear --seed --python "$(PYTHON)" build/oldest
	$(UV) pip install --quiet --python build/oldest/bin/python --constraint build/oldest.txt --editable '.[dev,fast]'
	@touch build/oldest/.made build/oldest/.dev build/oldest/.runtime
	@$(MAKE) --no-print-directory test VENV=build/oldest BROWSER=

test-all: ## every test, random work as often as it pays; leaves build/screenshots and build/tasks
	@ITSM_FULL=1 $(MAKE) --no-print-directory test ALL=1

check: gates ## every gate: what a pull request must pass
	@$(MAKE) --no-print-directory test COVERAGE=1

gates: lint types scripts workflows site-check ## every gate but the tests

lint: $(VENV)/.dev ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## static types
	$(BIN)/mypy

# As the pages: what needs node or npm is left out without them, and says so.
scripts: ## the site's scripts: their types (with npm) and their own tests (with node)
	@command -v node > /dev/null || { echo 'no node here: the scripts of the site are not tried'; exit 0; }; \
	node --test --test-reporter=dot tests/scripts/
	@command -v npm > /dev/null || { echo 'no npm here: the types of scripts are not checked'; exit 0; }; \
	test -x $(TYPESCRIPT)/.bin/tsc || npm install --silent --no-save --no-audit --no-fund \
		--ignore-scripts --prefix build/typescript $(TYPESCRIPT_VERSION) > /dev/null || \
		{ echo 'typescript cannot be installed here: the types of scripts are not checked'; exit 0; }; \
	$(TYPESCRIPT)/.bin/tsc --project tests/scripts && echo 'the types of the scripts are right'

# The workflows of this repository and the ones that `itsm init` writes for others. The linter is at its
# strictest: what it may overlook says so in place, with the reason.
workflows: $(VENV)/.dev ## shipped workflows against their schema and a security linter
	@rm -rf build/init && mkdir -p build/init
	@for forge in $(FORGES); do $(BIN)/itsm init --no-git --forge $$forge build/init/$$forge > /dev/null; done
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS) $(SHIPPED)
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci build/init/gitlab/.gitlab-ci.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --no-progress --quiet --persona=auditor --strict-collection --collect=all \
		.github .pre-commit-hooks.yaml $(SHIPPED)
	sh -n build/init/plain/hooks/pre-receive

examples: $(VENV)/.dev ## the living example: clean, in canonical form, its site builds
	$(BIN)/itsm check
	$(BIN)/itsm fmt --check
	$(BIN)/itsm site build

# Offline but for the first time. Without npm it says that nothing was looked at, and is content.
site-check: examples ## every page of the example against the HTML standard (with npm)
	@command -v npm > /dev/null || { echo 'no npm here: the pages are not validated'; exit 0; }; \
	test -x $(HTML_VALIDATE)/.bin/html-validate || npm install --silent --no-save --no-audit --no-fund \
		--ignore-scripts --prefix build/html-validate $(HTML_VALIDATE_VERSION) > /dev/null || \
		{ echo 'html-validate cannot be installed here: the pages are not validated'; exit 0; }; \
	$(HTML_VALIDATE)/.bin/html-validate --config tests/publish/html-validate.config.cjs --ext html build/site; \
	echo "$$(find build/site -name '*.html' | wc -l) pages are valid HTML"

lighthouse: $(VENV)/.dev ## measure pages of 10,000 records with Lighthouse (or those of SITE=folder)
ifndef SITE
	@test -d build/estate || $(BIN)/python benchmarks/estate.py build/estate 10000
	cd build/estate && ITSM_NOW=2026-11-22T12:00:00Z $(abspath $(BIN))/itsm site build
endif
	$(BIN)/python benchmarks/lighthouse.py $(or $(SITE),build/estate/build/site)

bench: $(VENV)/.dev ## measure every operation against its goal (BENCH='--quick' or '--only ROW'; figures, not a gate)
	$(BIN)/python benchmarks/bench.py $(BENCH)

clean: ## remove everything that is made (the environment stays)
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
