# One-line calls only. Logic lives in tools/, .ci/run and the command `gtc`.

ENV ?= prod
PORT ?= 8080
PYTHON ?= python3

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 $(LOCK_FLAGS)

.DEFAULT_GOAL := help
.PHONY: help setup demo plan test test-slow chaos check lint types arch fmt docs lock clean

##@ Start
help: ## List these commands
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {print "\n" substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: ## Install everything that developing needs into .venv
	@$(PYTHON) tools/bootstrap.py dev

demo: ## Play the demo on this machine; ENV=prod|dev PORT=8080
	@$(PYTHON) tools/bootstrap.py demo
	@$(BIN)/gtc rehearse --env $(ENV) --port $(PORT)

plan: ## Predict whether the show of ENV tells its story, in seconds
	@$(PYTHON) tools/bootstrap.py demo
	@$(BIN)/gtc plan check --env $(ENV)

##@ Check
test: setup ## Run the tests, without the slow ones
	$(BIN)/pytest -m "not slow and not cluster"

test-slow: setup ## Run the slow suites: browser, chaos, whole rehearsals
	@$(PYTHON) tools/chromium.py
	$(BIN)/pytest -m "slow and not cluster"

chaos: setup ## Kill and break a running rehearsal, and see that nothing stays broken
	$(BIN)/pytest -m slow tests/rehearsal

check: lint types arch ## Everything static: lint, format, types, architecture

lint: setup ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

arch: setup ## Import rules, sizes, generated files, lock files, documents
	$(BIN)/pytest tests/architecture

##@ Change
fmt: setup ## Format the code and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Write the generated tables into docs/ and .env.example
	$(BIN)/python tools/generate.py

lock: setup ## Pin the requirements again; LOCK_FLAGS=--upgrade takes newer versions
	$(COMPILE) --all-extras -o requirements/dev.txt pyproject.toml
	$(COMPILE) --extra runtime --extra ui --extra rehearsal --extra build -c requirements/dev.txt -o requirements/demo.txt pyproject.toml

clean: ## Remove caches and the rehearsal's files; keeps .venv and .env
	rm -rf .gtc .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .nicegui
