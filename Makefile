# One word per wish. Each works on a machine that has Python 3.11 or newer, make and a
# network: what is missing is installed into .venv, once, and again when pyproject.toml
# changes. Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
JOBS ?= 2
EXTRAS ?= dev
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test check bench docs

help:
	@echo "make run     serve ./data to S3 clients, and say how to use it"
	@echo "make test    run the tests and print which branches they cover"
	@echo "make check   style, types, layers, and the examples of the documentation"
	@echo "make bench   measure Holdall beside its peers"
	@echo "make docs    say what there is to read"

run: $(VENV)/ready-server
	$(BIN)/holdall serve data

test: $(VENV)/ready-$(EXTRAS)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov

check: $(VENV)/ready-$(EXTRAS)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m pytest -q tests/house

bench: $(VENV)/ready-bench
	$(BIN)/python -m benchmarks

docs:
	@grep -m 1 '^# ' $(wildcard *.md docs/*.md) /dev/null | sed 's/:# /  /'

# The files `ready…` say which extras are installed, and for which pyproject.toml.

$(VENV)/ready: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/ready-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@ $(VENV)/ready

# Half an environment is removed, or the next make would take it for a whole one.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
