# The two commands of the README are `make demo` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
DATA   ?= ../shared/data

.PHONY: demo test lint types torture bench sample docs clean

demo: $(VENV)/installed
	$(BIN)/foretaste scan sample_corpus/shards --exit-zero

test: lint types
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

torture: $(VENV)/installed-dev
	$(BIN)/python benchmarks/torture.py

bench: $(VENV)/installed-dev
	$(BIN)/python benchmarks/bench.py $(DATA)

sample: $(VENV)/installed
	$(BIN)/python sample_corpus/generate.py

docs: $(VENV)/installed
	$(BIN)/python docs/make_scanners.py

clean:
	rm -rf $(VENV) .foretaste build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable '.[dev]'
	touch $@ $(VENV)/installed
