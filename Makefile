# Two commands on a fresh machine with Python 3.11+ and make:
#   make demo   judges the embedded demo target
#   make test   runs the tests
# Every set-up step is done once and again when pyproject.toml changes.

.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python

# The first of these that is new enough and can make environments. A name on PATH may be
# a shim without a version behind it, so each is tried, not only looked for.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	"$$p" -c '$(USABLE)' >/dev/null 2>&1 && { command -v "$$p"; break; }; done)

DEMO_EXIT := 0
# What runs pytest: `coverage run -m` where the coverage is asked for.
UNDER :=

.PHONY: help
help:
	@echo 'make demo      judge the embedded demo target (PostgreSQL, Valkey, HTTPS service)'
	@echo 'make test      run the tests; what needs a missing server skips with its reason'
	@echo 'make check     lint, types, import contracts, dependencies, docs, coverage bars'
	@echo 'make faults    break the demo in every known way; each probe must notice'
	@echo 'make bench     start-up, per-item cost, and the run against its longest look'
	@echo 'make mutants   break what verifies signatures and decides; the tests must notice'
	@echo 'make nightly   everything that is slow, on all Python and pytest versions'
	@echo 'make docs      build the documentation into docs/_build/html'
	@echo 'make clean     remove environments, caches and build results'

# ------------------------------------------------------------------------- environments

$(PY):
	@if ! '$(PYTHON)' -c '$(USABLE)' 2>/dev/null; then \
		echo 'make: Python 3.11 or newer with its venv module is needed;'; \
		echo '      tried: $(or $(PYTHON),$(CANDIDATES)).'; \
		echo '      Install one (Debian: apt-get install python3 python3-venv)'; \
		echo '      or name it: make PYTHON=/path/to/python3.11'; \
		exit 1; \
	fi >&2
	@echo "Creating $(VENV) with $(PYTHON)"
	@'$(PYTHON)' -m venv $(VENV)

$(VENV)/.stamp-demo: pyproject.toml | $(PY)
	@echo 'Installing pytest-readiness with its demo'
	@$(PY) -m pip install -qq --editable '.[demo]'
	@touch $@

# `--group` came with pip 25.1, newer than the one that `venv` brings.
$(VENV)/.stamp-dev: pyproject.toml | $(PY)
	@echo 'Installing pytest-readiness and its development tools'
	@$(PY) -m pip install -qq --upgrade 'pip>=25.1'
	@$(PY) -m pip install -qq --editable '.[demo]' --group dev
	@touch $@ $(VENV)/.stamp-demo

.PHONY: setup
setup: $(VENV)/.stamp-dev

# ----------------------------------------------------------------------------- commands

.PHONY: demo
demo: $(VENV)/.stamp-demo
	@$(BIN)/pytest --readiness --readiness-target=demo

.PHONY: test
test: setup
	@$(PY) -m $(UNDER) pytest -rs $(ARGS)

.PHONY: faults
faults: setup
	@$(PY) -m pytest -rs tests/faults $(ARGS)

# ------------------------------------------------------------------------------- checks

.PHONY: check static lint types contracts deps news coverage bars
check: static coverage
static: lint types contracts deps news docs

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup
	$(BIN)/mypy
	$(BIN)/basedpyright

contracts: setup
	$(BIN)/lint-imports --no-logo

deps: setup
	$(BIN)/deptry .

news: setup
	$(BIN)/towncrier build --draft --version next >/dev/null

# pytest-cov would start too late to see a plugin being imported.
coverage:
	@rm -f .coverage .coverage.*
	@$(MAKE) test UNDER='coverage run -m'
	@$(MAKE) bars

bars: setup
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='src/pytest_readiness/catalogue/*' --fail-under=100
	$(BIN)/coverage report --include='src/pytest_readiness/attest/*' --fail-under=100
	$(BIN)/coverage report --include='src/pytest_readiness/verdict/*' --fail-under=100
	$(BIN)/coverage report --fail-under=95

.PHONY: docs
docs: setup
	$(BIN)/sphinx-build --quiet -E -n -W --keep-going -b html docs docs/_build/html
	$(BIN)/sphinx-build --quiet -E -n -W --keep-going -b doctest docs docs/_build/doctest

.PHONY: bench
bench: setup
	$(PY) benchmarks/startup.py
	$(PY) benchmarks/per_item.py
	$(PY) benchmarks/chain.py

# Each change that the unit tests of the layer do not notice is named at the end. Some
# change nothing (another text of a message); one that weakens a check is a missing test.
.PHONY: mutants
mutants: setup
	@$(PY) -m pip install -qq --group mutation
	@$(BIN)/mutmut run $(ARGS)
	@$(BIN)/mutmut results

.PHONY: versions nightly
versions: setup
	$(BIN)/nox $(ARGS)

nightly: export READINESS_WHOLE_MATRIX := 1
nightly: check versions faults bench mutants

.PHONY: clean
clean:
	rm -rf $(VENV) .nox build dist docs/_build readiness-report mutants
	rm -rf .coverage .coverage.* .hypothesis .import_linter_cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find src readiness_suite tests benchmarks docs -name __pycache__ -prune \
		-exec rm -rf {} +
