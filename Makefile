# The two commands of the README are `make run` and `make test`. Everything else is here for those who work on Scangate.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SERVE  ?=

.PHONY: help run test check bench eval docs train lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

# Pip installs what requirements.lock pins; a stamp says for which version of the files that was done.
$(VENV)/.run: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Scangate needs Python 3.11 or newer (make run PYTHON=python3.12)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[test]'
	@touch $@

run: $(VENV)/.run ## create the environment and serve (SERVE="--port 9443" for options)
	@exec $(BIN)/scangate serve $(SERVE)

test: $(VENV)/.test ## install what tests need and run them
	$(BIN)/python -m pytest

check: $(VENV)/.test ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.test ## measure the service's speed beside a bare endpoint
	$(BIN)/python -m load.bench $(BENCH)

eval: $(VENV)/.test ## measure the detectors on the sets of evals/samples against evals/baseline.json (EVAL=--update)
	$(BIN)/python -m evals.run $(EVAL)

docs: $(VENV)/.test ## write the generated pages of docs/reference
	$(BIN)/python -m docs.generate docs/reference

$(VENV)/.train: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[train]'
	@touch $@

train: $(VENV)/.train ## train the guard model: hours; again to go on (TRAIN="--pools DIR --tokens 6000000 --install")
	$(BIN)/python -m training.guard --out build/guard $(TRAIN)

lock: ## resolve the dependencies anew into requirements.lock
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra test --extra train --extra postgres --no-header --no-annotate --upgrade -o requirements.lock

clean: ## remove the environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
