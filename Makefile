# The two commands: `make demo` and `make test`. Everything else is a part of them.
# A stamp in .venv says that a step was done with the files it depends on; done steps are skipped.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
STAMPS := $(VENV)/stamps
ARGS ?=

say = @printf '\033[1m%s\033[0m\n' "$(1)"

.PHONY: help
help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: setup ## Starts the service and shows a note being written; ARGS=--once ends after the event
	$(VENV)/bin/casenote demo $(ARGS)

.PHONY: serve
serve: setup ## Runs the service
	$(VENV)/bin/casenote serve

.PHONY: setup
setup: $(STAMPS)/serving $(STAMPS)/model $(STAMPS)/web ## Sets up what the service needs

.PHONY: setup-test
setup-test: setup $(STAMPS)/dev $(STAMPS)/train $(STAMPS)/browser $(STAMPS)/postgres ## Sets up what the tests need besides

$(STAMPS)/venv:
	$(call say,Making .venv)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is %d.%d" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(STAMPS)
	touch $@

$(STAMPS)/serving: requirements/serving.txt pyproject.toml | $(STAMPS)/venv
	$(call say,Installing the service (the first time llama.cpp is compiled: 4 to 5 minutes on two cores))
	$(PY) scripts/with_progress.py $(PIP) install --quiet --require-hashes -r requirements/serving.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(STAMPS)/dev: requirements/dev.txt | $(STAMPS)/serving
	$(call say,Installing what the tests need)
	$(PY) scripts/with_progress.py $(PIP) install --quiet --require-hashes -r requirements/dev.txt
	touch $@

$(STAMPS)/train: pyproject.toml | $(STAMPS)/dev
	$(call say,Installing what training needs: torch and its kin)
	$(PY) scripts/with_progress.py $(PIP) install --quiet --no-build-isolation -e '.[train]'
	touch $@

$(STAMPS)/model: $(wildcard models/catalog/*.py training/adapters/*/adapter.gguf) | $(STAMPS)/serving
	$(call say,Preparing the embedded model)
	$(PY) -m models.catalog.prepare
	touch $@

$(STAMPS)/web: $(wildcard web/*.json web/src/* web/src/*/* web/*.mjs web/*.html web/static/*) | $(STAMPS)/serving
	$(call say,Building the editor)
	scripts/build_web.sh
	touch $@

$(STAMPS)/browser: scripts/install_debian.sh | $(STAMPS)/venv
	scripts/install_debian.sh chromium chromium
	touch $@

$(STAMPS)/postgres: scripts/install_debian.sh | $(STAMPS)/venv
	scripts/install_debian.sh postgres postgresql
	touch $@

.PHONY: check
check: $(STAMPS)/serving $(STAMPS)/dev ## Format, lint, types, import directions, migrations
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(PY) -m pytest tests/unit/test_architecture.py
	$(PY) -m server.db.migrate check

.PHONY: check-web
check-web: $(STAMPS)/web ## Format, lint, types and unit tests of the editor
	scripts/check_web.sh

.PHONY: test
test: setup-test check check-web ## Runs every test
	$(PY) -m pytest $(ARGS)
	$(PY) -m pytest tests/browser $(ARGS)

.PHONY: test-slow
test-slow: setup-test ## The same tests with many more rounds: hours
	CASENOTE_TEST_ROUNDS=slow $(PY) -m pytest -m '' --timeout 7200 $(ARGS)
	CASENOTE_TEST_ROUNDS=slow $(PY) -m pytest tests/browser -m '' --timeout 7200 $(ARGS)

.PHONY: bench
bench: setup ## Measures the stream from token to client, beside llama.cpp alone
	$(VENV)/bin/casenote bench stream $(ARGS)

.PHONY: lock
lock: $(STAMPS)/dev ## Writes the locked requirements again
	cd requirements && for set in serving dev; do \
	  ../$(VENV)/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	    --no-annotate --python-version 3.11 $$([ $$set = dev ] && echo "--extra dev -c serving.txt") \
	    ../pyproject.toml build.in -o $$set.txt; done

.PHONY: clean
clean: ## Removes what set-up and tests made; ./var, the catalog of models and what was put beside it stay
	if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name models -exec rm -rf {} +; fi
	rm -f build/models/SmolLM2-135M-Instruct.Q4_1.gguf build/models/SmolLM2-135M-Instruct-progress-note-*-Q8_0.gguf*
	rmdir build/models build 2>/dev/null || true
	rm -rf $(VENV) web/dist web/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
