# webnet's commands; `make help` lists them. Needs Python 3.11 or newer and make, nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Which locked set of packages the tests run with: requirements/dev.txt or requirements/dev-django-6.1.txt.
DEV_LOCK ?= requirements/dev.txt
# What installs packages: uv from the path, or the locked one that pip puts into $(VENV). With `UV=`, pip itself.
UV ?= $(shell uv --version > /dev/null 2>&1 && command -v uv || echo $(BIN)/uv)
UV := $(UV)
PIP := $(BIN)/python -m pip
PYTEST_ARGS ?=
# Two processes more than there are cores, since many tests wait for servers; one that has finished takes over tests that
# another has not begun. The quick tests wait for nothing. PYTEST_ARGS="-n 0" runs all in one process.
CORES := $(shell getconf _NPROCESSORS_ONLN)
PARALLEL := -n $(shell expr $(CORES) + 2) --dist worksteal
# From when on, in seconds since 1970, the run on the first and the one on the second database skip tests: tests/tiers.py.
LATEST_START ?=
LATEST_SECOND_START ?=
PARALLEL_QUICK := -n $(CORES) --dist worksteal
# What a build of the package reads beside the Python files.
SOURCES := pyproject.toml hatch_build.py $(wildcard frontend/*.json frontend/*.mjs frontend/.npmrc frontend/src/*/*) \
	$(wildcard webnet/console/locale/*/LC_MESSAGES/django.po)
# The settings want a key and a host; these commands serve nobody.
OFFLINE := WEBNET_DEBUG=1 WEBNET_SECRET_KEY=offline WEBNET_DATA_DIR=$(VENV)/offline DATABASE_URL=sqlite://:memory:

# What the example front end is built against.
EXAMPLE_PLUGINS := hello_world,device_inventory,site_map,reachability
ALL_PLUGINS_SCHEMA := examples/frontend_client/schema.graphql

.PHONY: help run test test-fast fuzz fault-test bench bench-growth load neighbours lint format schema messages screenshots docs release trace lock build clean install install-dev

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run-installed ## Serve webnet at http://127.0.0.1:8000/, with demo data on the first start
	@WEBNET_DEBUG=$${WEBNET_DEBUG-1} exec $(BIN)/python manage.py run

TEST_FIRST = $(BIN)/python -m pytest $(PARALLEL) --durations=15 $(if $(LATEST_START),--latest-start=$(LATEST_START))
TEST_SECOND = $(BIN)/python -m pytest $(PARALLEL) --durations=15 --second-database \
	$(if $(LATEST_SECOND_START),--latest-start=$(LATEST_SECOND_START))

# Python shall keep what it compiles: many interpreters are started, also where the caller has switched that off.
test test-fast: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/dev-installed ## Run every test on SQLite, and those with a database on PostgreSQL when TEST_DATABASE_URL is set
	@$(BIN)/python -m compileall -q webnet
	TEST_DATABASE=sqlite $(TEST_FIRST) $(PYTEST_ARGS)
	@if [ -n "$$TEST_DATABASE_URL" ]; then \
		echo "TEST_DATABASE=postgresql $(TEST_SECOND) $(PYTEST_ARGS)"; \
		TEST_DATABASE=postgresql $(TEST_SECOND) $(PYTEST_ARGS); \
	else \
		echo "Not tested on PostgreSQL: TEST_DATABASE_URL is not set."; \
	fi

test-fast: $(VENV)/dev-installed ## Run the quick tests that need no process but their own, in less than a minute
	@$(BIN)/python -m compileall -q webnet
	TEST_DATABASE=sqlite $(BIN)/python -m pytest $(PARALLEL_QUICK) -m "not acceptance and not slow" $(PYTEST_ARGS)

# For ten minutes or so; EXAMPLES=100000 for a night. With TEST_DATABASE_URL, on PostgreSQL.
EXAMPLES ?= 10000
fuzz: $(VENV)/dev-installed ## Send many random values, requests and documents: none may fail, or tell of other customers
	TEST_DATABASE=$(if $(TEST_DATABASE_URL),postgresql,sqlite) FUZZ_EXAMPLES=$(EXAMPLES) \
		$(BIN)/python -m pytest -n 0 -o faulthandler_timeout=0 tests/sdk/test_any_value.py \
		tests/sdk/test_noninterference.py tests/sdk/test_compiled_answers.py tests/sdk/test_guarded_documents.py \
		tests/api/test_compiled_selection.py \
		tests/api/test_values_survive.py \
		tests/backup/test_values_survive_a_backup.py tests/fuzz tests/conformance/test_schemathesis.py \
		tests/conformance/test_random_requests.py $(PYTEST_ARGS)

# Some minutes on each database, which may be more than any other test may take.
KILLS ?= 300
fault-test: $(VENV)/dev-installed ## Kill processes at random moments of changes: nothing may be lost or half done
	TEST_DATABASE=$(if $(TEST_DATABASE_URL),postgresql,sqlite) FAULT_KILLS=$(KILLS) \
		$(BIN)/python -m pytest -n 0 -o faulthandler_timeout=0 tests/faults $(PYTEST_ARGS)

# Options: ROUNDS, PLUGINS, CUSTOMERS, AUDIT_ROWS, DATABASES, DOORS, and PEERS, the folder of other frameworks' benchmark.
BENCH_OPTIONS = $(foreach each,rounds:$(ROUNDS) plugins:$(PLUGINS) customers:$(CUSTOMERS) audit-rows:$(AUDIT_ROWS) \
	databases:$(DATABASES) doors:$(DOORS) peers:$(PEERS),$(if $(word 2,$(subst :, ,$(each))),--$(subst :, ,$(each))))
bench: $(VENV)/dev-installed ## Measure webnet beside a bare Django view, and beside other frameworks with PEERS=folder
	@$(BIN)/python -m benchmarks.bench $(if $(SHORT),--short) $(BENCH_OPTIONS)

bench-growth: $(VENV)/dev-installed ## Measure webnet with more and more of everything, and draw it for docs/performance.md
	@$(BIN)/python -m benchmarks.bench.growth $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(DATABASE),--database $(DATABASE))

load: MINUTES ?= 10
load: $(VENV)/dev-installed ## Serve 50 customers with changes and 200 event streams: no error, nothing stale, flat memory
	TEST_DATABASE=$(if $(TEST_DATABASE_URL),postgresql,sqlite) \
		$(BIN)/python benchmarks/mixed_load.py --minutes $(MINUTES)

neighbours: MINUTES ?= 15
neighbours: $(VENV)/dev-installed ## Serve two customers, one with bad plugins: the other one may not notice
	TEST_DATABASE=$(if $(TEST_DATABASE_URL),postgresql,sqlite) \
		$(BIN)/python benchmarks/bad_neighbours.py --minutes $(MINUTES)

lint: $(VENV)/dev-installed ## Check style, types, imports, migrations and the schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(OFFLINE) WEBNET_SAFE_MODE=1 $(BIN)/mypy
	$(BIN)/lint-imports
	$(OFFLINE) $(BIN)/python manage.py makemigrations --check --dry-run
	$(OFFLINE) WEBNET_SAFE_MODE=1 $(BIN)/python manage.py export_schema --check schema.graphql
	$(OFFLINE) WEBNET_PLUGINS=$(EXAMPLE_PLUGINS) $(BIN)/python manage.py export_schema --all --check $(ALL_PLUGINS_SCHEMA)
	$(BIN)/python tools/schema_changelog.py --check
	$(BIN)/python tools/code_catalogue.py --check
	$(BIN)/python tools/messages.py --check

format: $(VENV)/dev-installed ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/dev-installed ## Write schema.graphql, the example front end's, docs/schema-changelog.md and docs/codes.md again
	$(OFFLINE) WEBNET_SAFE_MODE=1 $(BIN)/python manage.py export_schema > schema.graphql.new
	mv schema.graphql.new schema.graphql
	$(OFFLINE) WEBNET_PLUGINS=$(EXAMPLE_PLUGINS) $(BIN)/python manage.py export_schema --all > schema.graphql.new
	mv schema.graphql.new $(ALL_PLUGINS_SCHEMA)
	$(BIN)/python tools/schema_changelog.py
	$(BIN)/python tools/code_catalogue.py

messages: $(VENV)/dev-installed ## Bring the catalogues of translated texts up to date, and compile them
	$(BIN)/python tools/messages.py
	@$(MAKE) --no-print-directory install-dev

screenshots: $(VENV)/dev-installed ## Take the pictures of the console that the documentation shows; NAMES="…" for some
	$(BIN)/python tools/screenshots.py $(NAMES)

docs: $(VENV)/dev-installed ## Build the documentation as a site into build/docs/site, and check its links
	@$(BIN)/python tools/docs_site.py

release: $(VENV)/dev-installed ## Prepare the release of VERSION: the version, the changelog and the stored schemas
	$(BIN)/python tools/release.py $(VERSION)

# OPERATION, ARGUMENTS (JSON) and FIELDS come from the command line or the environment.
export OPERATION ARGUMENTS FIELDS
trace: $(VENV)/run-installed ## List the files that a request runs through: OPERATION=enableCustomerPlugin
	@$(BIN)/python tools/request_trace.py $$OPERATION --arguments "$$ARGUMENTS" --fields "$$FIELDS"

lock: $(VENV)/dev-installed ## Write the locked requirements and the front ends' lock files again
	$(BIN)/python requirements/lock.py

build: $(VENV)/dev-installed ## Build the source distribution and the wheel into dist/
	rm -rf dist
	$(BIN)/python -m build --installer uv

clean: ## Remove what was made, but not the data in var/
	rm -rf $(VENV) .venv-newest dist build frontend/node_modules
	rm -rf webnet/api/static/webnet/graphiql webnet/console/static/webnet/console/bundle
	rm -f webnet/console/locale/*/LC_MESSAGES/django.mo webnet/console/locale/*/LC_MESSAGES/sources.sha256
	rm -rf examples/frontend_client/node_modules examples/frontend_client/dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# The stamps stand for what was installed, so that a second `make run` installs nothing.
install: $(VENV)/run-installed
install-dev: $(VENV)/dev-installed

# Every package is a wheel with a locked hash; only webnet itself is built.
ifeq ($(UV),)
install_locked = $(PIP) install --quiet --require-hashes --only-binary :all: -r
install_webnet = $(PIP) install --quiet --no-deps --editable .
on_failure = exit 1
else
# Compiled once: the tests start many interpreters.
install_locked = $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --no-build -r
# Without --reinstall-package uv may take an earlier build from its cache, and the front end's bundle would not be made.
install_webnet = $(UV) pip install --quiet --python $(BIN)/python --no-deps --reinstall-package webnet --editable .
on_failure = { echo "uv does not read the settings of pip, such as a mirror. To use pip: make $(MAKECMDGOALS) UV=" >&2; exit 1; }
endif

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "webnet needs Python 3.11 or newer: set PYTHON")'
	$(PYTHON) -m venv $(VENV)

$(BIN)/uv: | $(BIN)/python
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/uv.txt

$(VENV)/run-installed: requirements/run.txt $(SOURCES) | $(BIN)/python $(UV)
	@echo "Installing requirements/run.txt ..."
	@$(install_locked) requirements/run.txt || $(on_failure)
	@echo "Installing webnet, editable; the first time the front end is bundled too ..."
	@$(install_webnet) || $(on_failure)
	@touch $@

$(VENV)/dev-installed: $(DEV_LOCK) $(SOURCES) | $(BIN)/python $(UV)
	@echo "Installing $(DEV_LOCK) ..."
	@$(install_locked) $(DEV_LOCK) || $(on_failure)
	@echo "Installing webnet, editable; the first time the front end is bundled too ..."
	@$(install_webnet) || $(on_failure)
	@touch $@ $(VENV)/run-installed
