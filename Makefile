# `make audit` and `make test` set everything up by themselves; CI runs audit, test and check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= boilover-audit

.PHONY: help audit test check format golden bench train clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.runtime: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.full: $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[train,test]'
	touch $@

audit: $(VENV)/.runtime ## install the small runtime and audit the sample chats into $(OUT)/report.html
	$(BIN)/boilover audit data/samples --timezone Asia/Shanghai --out $(OUT)

test: $(VENV)/.full ## install the rest and run the whole test suite
	$(BIN)/pytest --cov --cov-report=term

check: $(VENV)/.full ## style, types, import contracts, README commands
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet tests/test_readme.py tests/test_architecture.py

format: $(VENV)/.full ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.full ## the golden chats, through both drivers
	$(BIN)/pytest tests/test_golden.py

bench: $(VENV)/.full ## throughput, memory, first result (minutes; quiet machine)
	$(BIN)/python tests/benchmarks/bench_throughput.py
	$(BIN)/python tests/benchmarks/bench_memory.py
	$(BIN)/python tests/benchmarks/bench_first_result.py

train: $(VENV)/.full ## train the shipped model again: make train BASE=... CORPORA=...
	$(BIN)/boilover train configs/train/boilover.yaml --base $(BASE) --corpora $(CORPORA)

clean: ## remove what the targets above made
	rm -rf $(VENV) $(OUT) .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
