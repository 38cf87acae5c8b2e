# One environment in .venv, two jobs: `make demo` runs the sample company, `make test` runs every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check format release clean

demo: $(VENV)/.installed
	$(BIN)/firstlast demo

test: $(VENV)/.installed
	$(BIN)/python scripts/find_browser.py
	$(BIN)/python scripts/check.py

check: test

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The wheel, alike for alike sources, with its bill of materials; weaknesses and licences are looked at before.
release: $(VENV)/.installed
	$(BIN)/python scripts/supply.py licences
	$(BIN)/python scripts/supply.py weaknesses || test $$? -eq 2
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/python scripts/supply.py sbom --out dist/sbom.json

clean:
	rm -rf $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("firstlast needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; run: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
