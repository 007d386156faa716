# What people and CI type. Everything happens in .venv; nothing needs root or a compiler.

PYTHON ?= python3

BIN := .venv/bin
AGENTOS := $(BIN)/agentos

.PHONY: help demo test test-real-model bench-keys bench-keys-live bench-day bench-leases
.PHONY: check compare-runners faults soak-kills format docs clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 17

demo: .venv/installed  ## Design every open issue of a copy of the sample project
	scripts/demo.sh

test: .venv/installed-dev  ## Run every test, with coverage
	scripts/test.sh

soak-kills: .venv/installed-dev  ## Kill children and supervisors at random, KILLS=5000 times
	scripts/soak-kills.sh $(or $(KILLS),5000)

test-real-model: .venv/installed-dev  ## Run the main job against a real, small language model
	scripts/test-real-model.sh $(PYTHON)

faults: .venv/installed-dev  ## Run the battery of faults N=10 times on a machine kept busy
	scripts/faults.sh $(or $(N),1)

bench-keys: .venv/installed  ## Simulate how well keys are used, beside two plain strategies
	scripts/bench-keys.sh

bench-keys-live: .venv/installed-dev  ## The same through real children over HTTP: eight minutes
	scripts/bench-keys-live.sh

bench-day: .venv/installed  ## Simulate a day of 10,000 items, with keys that die and come back
	scripts/bench-day.sh

bench-leases: .venv/installed  ## Measure how long ten children wait for a lease
	scripts/bench-leases.sh

compare-runners: .venv/installed  ## Put the same faults to agentos, GNU parallel and honcho
	scripts/compare-runners.sh

check: .venv/installed-dev  ## Lint, formatting, types, and who imports whom
	scripts/check.sh

format: .venv/installed-dev  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/installed-dev  ## Build the site of the docs
	scripts/docs.sh

# lld, lld-dry-run and issues, as every project may have them.
include examples/ci/agentos.mk
lld lld-dry-run issues: .venv/installed

clean:  ## Remove what the other targets made
	rm -rf .venv .venv-real-model build htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache

.venv/installed: pyproject.toml
	scripts/install.sh $(PYTHON) ''
	@touch $@

.venv/installed-dev: pyproject.toml
	scripts/install.sh $(PYTHON) '[anthropic,gemini,keyring,openai]' --group dev
	@touch .venv/installed $@
