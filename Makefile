# recoup. `make` alone lists what can be done; every target sets up what it needs by itself.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
MODELS ?=
CORPUS ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help drill test test-all check format generate facts picture lock bench chaos score fuzz clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

drill: $(VENV)/.dev ## raise every fault for its real cause and watch what recoup does about it
	@mkdir -p out
	$(BIN)/recoup drill --html out/drill.html --json out/drill.json $(ARGS)

test: $(VENV)/.dev ## the tests (no browser, no SDKs): some five minutes
	$(BIN)/pytest -n 2 -m "not browser and not sdk and not long and not models and not chaos" $(ARGS)

test-all: $(VENV)/.long ## the longer tier: browser, SDKs, long properties, Amazon's models; installs what it needs
	bash tests/ensure-tools.sh
	@test -n "$(MODELS)" || echo "not run: the tests against Amazon's model files; to run them: make test-all MODELS=folder"
	RECOUP_MODELS="$(MODELS)" $(BIN)/pytest -m "browser or sdk or long$(if $(MODELS), or models,)" $(ARGS)
	RECOUP_EXAMPLES=10 $(BIN)/pytest -n 2 -m "not browser and not sdk and not long and not models and not chaos" \
	  $$(grep -rl --include='test_*.py' hypothesis tests) $(ARGS)

check: $(VENV)/.dev ## format, lint, types, import contracts, generated files fresh
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(RUN) -m recoup.catalogue.generate --check
	$(RUN) -m recoup.sandbox.reference --check
	$(RUN) -m recoup.lint.reference --check

format: $(VENV)/.dev ## format and fix what can be fixed safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: $(VENV)/.dev ## compile the catalogue, write the schema and the reference pages
	$(RUN) -m recoup.catalogue.generate
	$(RUN) -m recoup.sandbox.reference
	$(RUN) -m recoup.lint.reference

facts: $(VENV)/.dev ## re-derive the fact tables: make facts MODELS=folder-with-Amazon's-model-files
	@test -n "$(MODELS)" || { echo "say where Amazon's model files are: make facts MODELS=folder"; exit 2; }
	$(RUN) -m recoup.catalogue.facts.derive "$(MODELS)" --write

bench: $(VENV)/.bench ## benchmarks; each prints a ratio against something measured in the same run
	@for each in $(filter-out benchmarks/score.py benchmarks/fuzz.py,$(wildcard benchmarks/*.py)); do echo "== $$each"; $(RUN) $$each $(ARGS) || exit 1; done

score: $(VENV)/.dev ## how often the diagnosis is right on labelled cases: make score CORPUS=cases.jsonl
	@test -n "$(CORPUS)" || { echo "say where the labelled cases are: make score CORPUS=cases.jsonl"; exit 2; }
	$(RUN) benchmarks/score.py "$(CORPUS)" $(ARGS)

fuzz: $(VENV)/.dev ## many broken inputs through every reader; ARGS="--count 1000000"
	$(RUN) benchmarks/fuzz.py $(ARGS)

chaos: $(VENV)/.dev ## seeded storms of faults between a client and the sandbox; nothing may be applied twice
	$(BIN)/pytest -m chaos $(ARGS)

picture: $(VENV)/.dev ## draw the picture in the README anew
	$(RUN) docs/picture.py

lock: $(VENV)/.uv ## write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --group dev --extra all --universal --generate-hashes --no-header -q -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --group long --extra all --extra distributed --universal --generate-hashes --no-header -q -c requirements-dev.lock -o requirements-long.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --group bench --extra all --extra distributed --universal --generate-hashes --no-header -q -c requirements-long.lock -o requirements-bench.lock

clean: ## remove what the targets made
	rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit("recoup needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@touch $@

$(VENV)/.dev: $(VENV)/.uv requirements-dev.lock pyproject.toml
	@$(BIN)/uv pip install --quiet --python $(RUN) --compile-bytecode --require-hashes -r requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(RUN) --no-deps --no-build-isolation -e . && $(RUN) -m compileall -q src
	@touch $@

$(VENV)/.long: $(VENV)/.dev requirements-long.lock
	@$(BIN)/uv pip install --quiet --python $(RUN) --compile-bytecode --require-hashes -r requirements-long.lock
	@touch $@

$(VENV)/.bench: $(VENV)/.long requirements-bench.lock
	@$(BIN)/uv pip install --quiet --python $(RUN) --compile-bytecode --require-hashes -r requirements-bench.lock
	@touch $@
