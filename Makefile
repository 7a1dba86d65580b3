# Everything needs only make and a Python 3.10 or newer with venv.
SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
# Half of what tests do is to wait: for sockets, disks, processes.
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((n * 3 / 2 < 3 ? 3 : n * 3 / 2)))
NEEDS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))
PYTHON ?= $(shell for p in python3 python3.13 python3.14 python3.12 python3.11 python3.10 python; do \
	if $$p -c '$(NEEDS)' >/dev/null 2>&1; then echo $$p; break; fi; done)

.PHONY: run test lint bench docs pictures example clean

run: $(VENV)/.installed  ## set up everything and start the program: make run ARGS="--help"
	@$(BIN)/podfetch $(ARGS)

test: $(VENV)/.installed-dev  ## set up everything and run the tests: make test ARGS="tests/unit"
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.installed-dev  ## figures of this machine, as ratios in one run
	@$(BIN)/python -m benchmarks $(ARGS)

docs: example  ## write the pages of docs/ that are made from the program
	@$(BIN)/python -m podfetch_tui.policy.failures_page > docs/failures.md
	@$(BIN)/python -m podfetch_tui.cli.handbook docs

pictures:  ## take the pictures of the documentation from the screens' own
	@for name in dashboard=test_screens/test_dashboard_busy feed=test_screens/test_feed_detail \
	  quarantine=test_quarantine_screen/test_quarantine limits=test_quarantine_screen/test_limits \
	  feeds=test_screens/test_feeds downloads=test_screens/test_downloads \
	  events=test_screens/test_events config=test_state_pictures/test_config \
	  wizard=test_wizard_pictures/test_past; do \
	  cp "snapshots/$${name#*=}[120x36].svg" "docs/pictures/$${name%%=*}.svg"; done

example: $(VENV)/.installed  ## write podfetch.ini.example and docs/settings.md from the settings
	@$(BIN)/python -m podfetch_tui.config.example ini > podfetch.ini.example
	@$(BIN)/python -m podfetch_tui.config.example page > docs/settings.md

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
	  echo "PodFetch needs Python 3.10 or newer with the venv module (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	  echo "Install one, or name one: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@$(PYTHON) -c '$(NEEDS)' || { echo "$(PYTHON) is older than 3.10 or has no venv module." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)" >&2
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed
