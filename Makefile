# Needs Python 3.11 or newer, make and a shell; everything else is installed into .venv.
#   make demo     the main job on a shipped sample
#   make test     the whole suite: tests, ruff, mypy, architecture contracts
#   make lint     only ruff, mypy and the architecture contracts
#   make picture  draw samples/check.svg and samples/report.png, the pictures in README.md, again (needs Chromium)
#   make clean    remove .venv and what tools left behind

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
CASE := samples/firmware-update-data-blocked

.PHONY: demo test lint picture clean python
.DEFAULT_GOAL := demo

demo: $(VENV)/.demo
	@echo 'portmatrix check $(CASE)/capture.pcap --site $(CASE)/site.yaml'
	@echo
	@code=0; $(BIN)/portmatrix check $(CASE)/capture.pcap --site $(CASE)/site.yaml || code=$$?; echo; \
	case $$code in \
	  0) echo 'Exit code 0: the traffic is compliant.';; \
	  1) echo 'Exit code 1: at least one violation. This sample holds one, so that is the right answer.';; \
	  *) echo "Exit code $$code: the check could not do its job."; exit $$code;; \
	esac

# One worker a core; a worker that has nothing left takes over tests of the others.
test: $(VENV)/.test
	@$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

lint: $(VENV)/.test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

picture: $(VENV)/.test
	@$(BIN)/python samples/lab/picture.py
	@$(BIN)/python samples/lab/screenshot.py

clean:
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo 'portmatrix needs Python 3.11 or newer: make PYTHON=/path/to/python3.11' >&2; exit 1; }

$(BIN)/python: | python
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo '$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo 'Installing portmatrix into $(VENV) ...' >&2
	@$(PIP) install --editable . && touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	@echo 'Installing portmatrix and its test tools into $(VENV) ...' >&2
	@$(PIP) install --editable '.[test]' && touch $@ $(VENV)/.demo
