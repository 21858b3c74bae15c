# Two commands do: `make serve` shows the site, `make test` runs the tests. Needed are Python 3.11 or newer, git and make;
# everything else goes into .venv, and nothing outside this folder is touched.

PORT ?= 8000
PYTHON ?= python3.13 python3.12 python3.11 python3 python
ARGUMENTS ?=
BIN = .venv/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
SUITABLE = import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))

export PIP_USER = 0
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL = help
.PHONY: help serve test check site lint clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1|\2/' | column -t -s '|' 2>/dev/null \
	|| grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST)

serve: .venv/site.stamp ## Show the site on this machine, rebuilt on every change; PORT=8000
	@$(BIN)/pathdex serve --port $(PORT) $(ARGUMENTS)

test: .venv/test.stamp ## Run all tests, side by side; ARGUMENTS="-k reading" runs some
	@OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGUMENTS)

check: .venv/site.stamp ## Report every problem of every entry, one line each
	@$(BIN)/pathdex check $(ARGUMENTS)

site: .venv/site.stamp ## Build the site into build/site/, any warning being an error
	@$(BIN)/pathdex build --site

lint: .venv/test.stamp ## Look at the code itself: ruff and mypy
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy

clean: ## Remove what was built and cached; the environment in .venv stays
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache
	@find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

.venv/made.stamp:
	@for found in $(PYTHON); do \
	  if "$$found" -c '$(SUITABLE)' >/dev/null 2>&1; then "$$found" -m venv .venv && touch $@ && exit 0; exit 1; fi; \
	done; \
	echo "make: no Python 3.11 or newer with venv; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1

.venv/site.stamp: .venv/made.stamp constraints.txt pyproject.toml
	@echo "Installing into .venv ..." >&2
	@$(INSTALL) '.[site]'
	@touch $@

.venv/test.stamp: .venv/made.stamp constraints.txt pyproject.toml
	@echo "Installing into .venv, torch included: the first time takes minutes ..." >&2
	@$(INSTALL) '.[dev]'
	@touch $@ .venv/site.stamp
